import { version } from '../engine/system.ts';

/** The range of Docker Engine API versions that are served. */
export const newestApi = '1.51';
export const oldestApi = '1.24';

/** What every answer carries; clients negotiate by it. */
export const serverHeaders: Readonly<Record<string, string>> = {
  'Api-Version': newestApi,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Berth/${version} (linux)`,
};
