import { containerPath } from '../client.ts';
import type { Cli } from '../context.ts';
import { ApiError, UsageError } from '../errors.ts';
import { text, toggle } from '../flags.ts';
import { formatObject } from '../format.ts';
import { verb } from '../verb.ts';

const kinds = ['container', 'image', 'network', 'volume'] as const;

export default verb({
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  about: 'Show everything known of containers, images, networks or volumes.',
  examples: [
    ['inspect site', 'Everything, as JSON'],
    ["inspect -f '{{.State.Pid}}' site", 'The number of its first process on the host'],
    ["inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' site", 'Its address'],
  ],
  flags: {
    format: text('-f, --format <template>', 'Go template, or json'),
    size: toggle('-s, --size', 'Show sizes of containers too'),
    type: text('--type <kind>', 'Look only for a container, image, network or volume'),
  },
  least: 1,
  async run(cli, { format, size, type }, names) {
    if (type !== '' && !kinds.some((kind) => kind === type)) {
      throw new UsageError(`"${type}" is not a valid value for --type: expected ${kinds.join(', ')}`, 1);
    }
    const found: unknown[] = [];
    const failures: string[] = [];
    for (const name of names) {
      try {
        const object = await find(cli, name, type, size);
        if (format === '') found.push(object);
        else cli.write(formatObject(format, object));
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    if (format === '') cli.line(JSON.stringify(found, undefined, 4));
    for (const failure of failures) cli.warn(failure);
    return failures.length === 0 ? 0 : 1;
  },
});

/** The first kind of thing that has the name. */
async function find(cli: Cli, name: string, type: string, size: boolean): Promise<unknown> {
  const id = encodeURIComponent(name);
  const paths = {
    container: containerPath(name, 'json'),
    image: `/images/${id}/json`,
    network: `/networks/${id}`,
    volume: `/volumes/${id}`,
  };
  for (const kind of kinds) {
    if (type !== '' && kind !== type) continue;
    try {
      return await cli.client.get(paths[kind], kind === 'container' ? { size } : {});
    } catch (error) {
      const goOn = error instanceof ApiError && (error.status === 404 || error.status === 501) && type === '';
      if (!goOn) throw error;
    }
  }
  throw new Error(`Error: No such object: ${name}`);
}
