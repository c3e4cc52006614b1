/** What the engine says of a path in a container, in the header that stands before every archive. */
import { containerPath } from '../client.ts';
import type { Cli } from '../context.ts';
import { ApiError } from '../errors.ts';

export interface ContainerStat {
  readonly name: string;
  readonly size: number;
  /** Go's FileMode. */
  readonly mode: number;
  readonly linkTarget: string;
}

const has = (mode: number, bit: number): boolean => Math.floor(mode / 2 ** bit) % 2 === 1;
export const isDirectory = ({ mode }: ContainerStat): boolean => has(mode, 31);
export const isSymlink = ({ mode }: ContainerStat): boolean => has(mode, 27);

export function statOfHeaders(headers: Readonly<Record<string, string>>): ContainerStat {
  const text = headers['x-docker-container-path-stat'];
  if (text === undefined) throw new Error('the engine said nothing of the path: its answer has no stat header');
  return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as ContainerStat;
}

/** Undefined where there is no such path. */
export async function statOf(cli: Cli, container: string, path: string): Promise<ContainerStat | undefined> {
  try {
    const response = await cli.client.send('HEAD', containerPath(container, 'archive'), { path });
    response.socket.destroy();
    return statOfHeaders(response.headers);
  } catch (error) {
    // A HEAD has no body to say whether it is the container that isn't there: what follows will.
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
