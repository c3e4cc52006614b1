import type { EventMessage } from '../../api/wire/docker.ts';
import { filtersOf } from '../client.ts';
import { list, single, text } from '../flags.ts';
import { formatObject } from '../format.ts';
import { jsonLines } from '../streams.ts';
import { parseMoment } from '../units.ts';
import { verb } from '../verb.ts';
import { checkFilter } from './ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Follow what happens in the engine.',
  examples: [
    ['events --filter type=container', 'As it happens'],
    ['events --since 1h --until 0s', 'What happened in the last hour'],
  ],
  flags: {
    filter: list('-f, --filter <filter>', 'Show those that fit: type=…, event=…, container=…', checkFilter),
    format: text('--format <template>', 'Go template, or json'),
    since: single('--since <time>', 'From a time or a while ago on', (value) => parseMoment(value)),
    until: single('--until <time>', 'Up to a time', (value) => parseMoment(value)),
  },
  most: 0,
  async run(cli, { filter, format, since, until }) {
    const response = await cli.client.send('GET', '/events', { since, until, filters: filtersOf(filter) });
    for await (const event of jsonLines<EventMessage>(response.body)) {
      if (format !== '') cli.write(formatObject(format, event));
      else cli.line(show(event));
    }
    return 0;
  },
});

/** `2026-01-31T12:00:00.000000000Z container start 4b1c… (image=web, name=site)`. */
function show({ time, timeNano, Type, Action, Actor }: EventMessage): string {
  const nano = timeNano > 0 ? BigInt(timeNano) : BigInt(time) * 1_000_000_000n;
  const second = new Date(Number(nano / 1_000_000n)).toISOString().slice(0, 19);
  const when = `${second}.${String(nano % 1_000_000_000n).padStart(9, '0')}Z`;
  const attributes = Object.keys(Actor.Attributes ?? {}).sort().map((key) => `${key}=${Actor.Attributes[key]}`);
  return `${when} ${Type} ${Action} ${Actor.ID}${attributes.length === 0 ? '' : ` (${attributes.join(', ')})`}`;
}
