import { createReadStream, statSync } from 'node:fs';
import { messageOf } from '../../model/errors.ts';
import type { Cli } from '../context.ts';
import { ExitError } from '../errors.ts';
import { list, text, toggle } from '../flags.ts';
import { showProgress } from '../streams.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Load images from an archive of docker save, podman save, skopeo or buildah, or from an OCI layout folder.',
  examples: [
    ['load -i web.tar', 'From a file'],
    ['load -i layout/', 'From an OCI layout folder'],
    ['load < web.tar.gz', 'From stdin, compressed or not'],
  ],
  flags: {
    input: text('-i, --input <file>', 'Archive or folder to read instead of stdin'),
    platform: list('--platform <os/arch>', 'Load only this platform'),
    quiet: toggle('-q, --quiet', 'Show no progress'),
  },
  most: 0,
  async run(cli, { input, quiet, platform }) {
    const body = input === '' ? stdinOf(cli) : await archiveOf(input);
    // As Docker's client: progress is for people.
    const query = { quiet: quiet || !cli.stdout.isTTY ? 1 : 0, platform };
    const response = await cli.client.send('POST', '/images/load', query, { body });
    await showProgress(response.body, (progress) => cli.write(progress));
    return 0;
  },
});

function stdinOf(cli: Cli): AsyncIterable<Uint8Array> {
  if (cli.stdin.isTTY) throw new ExitError('requested load from stdin, but stdin is empty: use -i FILE, or < FILE', 1);
  return cli.stdin;
}

/** A folder is packed on its way. */
async function archiveOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    if (!statSync(path).isDirectory()) return createReadStream(path, { highWaterMark: 1 << 20 });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : messageOf(error);
    throw new ExitError(`open ${path}: ${why}`, 1);
  }
  const { create } = await import('tar');
  return create({ cwd: path, portable: true }, ['.']) as unknown as AsyncIterable<Uint8Array>;
}
