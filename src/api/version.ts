import { version } from '../engine/system.ts';

/** The range of Docker Engine API versions that are served. */
export const newestApi = '1.51';
export const oldestApi = '1.24';

/** Whether a request's version is `least` or newer. */
export function isFrom(version: string, least: string): boolean {
  const number = (text: string): number => {
    const [major = 0, minor = 0] = text.split('.').map(Number);
    return major * 1000 + minor;
  };
  return number(version) >= number(least);
}

/** How a stream of output is named: before API 1.42 all were called raw. */
export const streamType = (version: string, tty: boolean): string =>
  tty || !isFrom(version, '1.42')
    ? 'application/vnd.docker.raw-stream'
    : 'application/vnd.docker.multiplexed-stream';

/** What every answer carries; clients negotiate by it. */
export const serverHeaders: Readonly<Record<string, string>> = {
  'Api-Version': newestApi,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Berth/${version} (linux)`,
};
