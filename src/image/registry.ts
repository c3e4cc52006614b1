import { Web } from '../host/web.ts';
import type { Platform } from '../model/oci-image.ts';
import type { Reference } from '../model/reference.ts';
import { hostPlatform } from '../model/platform.ts';
import { pull, tagsOf, type PulledImage, type PullRequest, type PullTools } from './pull.ts';
import type { Credentials } from './registry/auth.ts';
import { Downloads } from './registry/downloads.ts';
import { noRegistryOptions, type RegistryOptions } from './registry/endpoints.ts';
import type { Progress } from './stage.ts';
import type { Images } from './store.ts';

/** Everything that registries are asked for. Whatever goes on ends with its signal. */
export interface Registries {
  readonly options: RegistryOptions;
  pull(request: PullRequest, progress: Progress, signal: AbortSignal): Promise<PulledImage>;
  /** Every tag of a repository, sorted. */
  tags(repository: Reference, credentials: Credentials | undefined, signal: AbortSignal): Promise<string[]>;
  close(): void;
}

export async function openRegistries(
  { root, images, options = noRegistryOptions, platform = hostPlatform() }: {
    root: string; images: Images; options?: RegistryOptions | undefined; platform?: Platform;
  },
): Promise<Registries> {
  const web = new Web();
  const downloads = await Downloads.open(root, options.maxDownloads);
  const tools: PullTools = { web, options, downloads, images, hostPlatform: platform };
  return {
    options,
    pull: (request, progress, signal) => pull(request, tools, progress, signal),
    tags: (repository, credentials, signal) => tagsOf(repository, credentials, tools, signal),
    close: () => web.close(),
  };
}
