/** Berth as a library: the engine inside the caller's process. The daemon is a thin wrapper around it. */
export { Engine, type EngineOptions } from './engine/engine.ts';
export { BerthError, type ErrorKind } from './model/errors.ts';
export { parseFilters } from './engine/filters.ts';
export { parseCreate } from './api/wire/create.ts';
export type { ContainerRecord, ContainerState } from './model/container.ts';
export type { ContainerConfig, HostConfig, NetworkingConfig } from './model/host-config.ts';
