/** What the prune verbs share: a request, and what it says of what went. */
import type { ContainersPruneResponse, ImageDeleteItem, VolumesPruneResponse } from '../api/wire/docker.ts';
import type { Cli } from './context.ts';
import { filtersOf } from './client.ts';
import { humanSize } from './units.ts';

const told = (cli: Cli, heading: string, lines: readonly string[]): void => {
  if (lines.length > 0) cli.write(`${heading}:\n${lines.join('\n')}\n\n`);
};

/** Resolves to the bytes that were freed. */
export async function pruneContainers(cli: Cli, filters: readonly string[]): Promise<number> {
  const report = await cli.client.post<ContainersPruneResponse>('/containers/prune', { filters: filtersOf(filters) });
  told(cli, 'Deleted Containers', report.ContainersDeleted ?? []);
  return report.SpaceReclaimed;
}

export async function pruneNetworks(cli: Cli, filters: readonly string[]): Promise<void> {
  const report = await cli.client.post<{ NetworksDeleted: string[] | null }>(
    '/networks/prune', { filters: filtersOf(filters) });
  told(cli, 'Deleted Networks', report.NetworksDeleted ?? []);
}

export async function pruneVolumes(cli: Cli, filters: readonly string[]): Promise<number> {
  const report = await cli.client.post<VolumesPruneResponse>('/volumes/prune', { filters: filtersOf(filters) });
  told(cli, 'Deleted Volumes', report.VolumesDeleted ?? []);
  return report.SpaceReclaimed;
}

/** `all`: those that no container uses too, not only those without a name. */
export async function pruneImages(cli: Cli, all: boolean, filters: readonly string[]): Promise<number> {
  const report = await cli.client.post<{ ImagesDeleted: ImageDeleteItem[] | null; SpaceReclaimed: number }>(
    '/images/prune', { filters: filtersOf([...filters, `dangling=${!all}`]) });
  const gone = report.ImagesDeleted ?? [];
  const lines = gone.map(({ Untagged, Deleted }) => (Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`));
  told(cli, 'Deleted Images', lines);
  return report.SpaceReclaimed;
}

export const tellReclaimed = (cli: Cli, bytes: number): void => cli.line(`Total reclaimed space: ${humanSize(bytes)}`);
