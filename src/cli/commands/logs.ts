import type { ContainerInspect } from '../../api/wire/docker.ts';
import { containerPath } from '../client.ts';
import { single, text, toggle } from '../flags.ts';
import { copyOutput } from '../session.ts';
import { parseMoment } from '../units.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER',
  about: "Show a container's output.",
  examples: [
    ['logs -f --tail 20 site', 'The last lines, and what comes'],
    ['logs --since 10m -t site', 'Of the last ten minutes, each line with its time'],
  ],
  flags: {
    details: toggle('--details', 'Show extra attributes'),
    follow: toggle('-f, --follow', 'Go on as output comes'),
    since: single(
      '--since <time>', 'From a time (2026-01-31T12:00:00Z) or a while ago (10m) on', (value) => parseMoment(value)
    ),
    tail: text('-n, --tail <lines>', 'Lines from the end, or all', 'all'),
    timestamps: toggle('-t, --timestamps', 'Show the time of each line'),
    until: single('--until <time>', 'Up to a time or a while ago', (value) => parseMoment(value)),
  },
  least: 1,
  most: 1,
  async run(cli, options, [name = '']) {
    const path = containerPath(name);
    const { follow, since, until, timestamps, tail, details } = options;
    const query = { follow, stdout: true, stderr: true, since, until, timestamps, tail, details };
    const response = await cli.client.send('GET', `${path}/logs`, query);
    const type = response.headers['content-type'] ?? '';
    // Engines before API 1.42 don't say which it is.
    const raw = type.includes('multiplexed') ? false
      : type.includes('raw-stream') || (await cli.client.get<ContainerInspect>(`${path}/json`)).Config.Tty === true;
    await copyOutput(cli, response.body, raw);
    return 0;
  },
});
