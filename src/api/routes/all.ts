import type { Route } from '../server.ts';
import { archiveRoutes } from './archive.ts';
import { containerRoutes } from './containers.ts';
import { diskUsageRoutes } from './disk-usage.ts';
import { eventRoutes } from './events.ts';
import { execRoutes } from './exec.ts';
import { imageRoutes } from './images.ts';
import { laterRoutes } from './later.ts';
import { networkRoutes } from './networks.ts';
import { portRoutes } from './ports.ts';
import { registryRoutes } from './registry.ts';
import { statsRoutes } from './stats.ts';
import { streamRoutes } from './streams.ts';
import { systemRoutes } from './system.ts';
import { volumeRoutes } from './volumes.ts';

/** Every endpoint of the API. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...diskUsageRoutes,
  ...containerRoutes,
  ...archiveRoutes,
  ...statsRoutes,
  ...streamRoutes,
  ...execRoutes,
  ...eventRoutes,
  ...imageRoutes,
  ...registryRoutes,
  ...networkRoutes,
  ...portRoutes,
  ...volumeRoutes,
  ...laterRoutes,
];
