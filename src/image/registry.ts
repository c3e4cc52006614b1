import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { Web } from '../host/web.ts';
import type { Digest } from '../model/ids.ts';
import type { Platform } from '../model/oci-image.ts';
import type { Reference } from '../model/reference.ts';
import { hostPlatform } from '../model/platform.ts';
import { pull, tagsOf, type PulledImage, type PullRequest, type PullTools } from './pull.ts';
import { push, type PushRequest } from './push.ts';
import type { ImageRecord } from './records.ts';
import type { Credentials } from './registry/auth.ts';
import { Downloads } from './registry/downloads.ts';
import { noRegistryOptions, type RegistryOptions } from './registry/endpoints.ts';
import { inspectRemote, login, search, type DistributionInfo, type SearchResult } from './registry/inquire.ts';
import { openSources } from './registry/sources.ts';
import type { Progress } from './stage.ts';
import type { Images } from './store.ts';

/** Everything that registries are asked for. Whatever goes on ends with its signal. */
export interface Registries {
  readonly options: RegistryOptions;
  pull(request: PullRequest, progress: Progress, signal: AbortSignal): Promise<PulledImage>;
  /** Every tag of a repository, sorted. */
  tags(repository: Reference, credentials: Credentials | undefined, signal: AbortSignal): Promise<string[]>;
  /** `onPushed` is told of each tag that is there. */
  push(
    request: PushRequest, progress: Progress, signal: AbortSignal,
    onPushed: (tag: string, digest: Digest, record: ImageRecord) => void,
  ): Promise<void>;
  /** An identity token, where the registry gives one for the credentials. */
  login(registry: string, credentials: Credentials, signal: AbortSignal): Promise<string | undefined>;
  inspect(reference: Reference, credentials: Credentials | undefined, signal: AbortSignal): Promise<DistributionInfo>;
  search(term: string, limit: number, credentials: Credentials | undefined, signal: AbortSignal): Promise<SearchResult[]>;
  close(): void;
}

export async function openRegistries(
  { root, database, images, options = noRegistryOptions, platform = hostPlatform() }: {
    root: string; database: Database; images: Images; options?: RegistryOptions | undefined; platform?: Platform;
  },
): Promise<Registries> {
  const web = new Web();
  const downloads = await Downloads.open(root, options.maxDownloads);
  const sources = openSources(database);
  const tools: PullTools = { web, options, downloads, images, sources, hostPlatform: platform };
  const pushTools = { web, options, images, sources, temporary: join(root, 'tmp') };
  return {
    options,
    pull: (request, progress, signal) => pull(request, tools, progress, signal),
    tags: (repository, credentials, signal) => tagsOf(repository, credentials, tools, signal),
    push: (request, progress, signal, onPushed) => push(request, pushTools, progress, signal, onPushed),
    login: (registry, credentials, signal) => login(registry, { web, options, credentials, signal }),
    inspect: (reference, credentials, signal) => inspectRemote(reference, { web, options, credentials, signal }),
    search: (term, limit, credentials, signal) => search(term, limit, { web, options, credentials, signal }),
    close: () => web.close(),
  };
}
