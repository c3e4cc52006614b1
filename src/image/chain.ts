import { createHash } from 'node:crypto';
import type { Digest } from '../model/ids.ts';

/** OCI image spec, "Layer ChainID": names a layer with all below it. */
export function nextChainId(below: Digest | undefined, diffId: Digest): Digest {
  if (below === undefined) return diffId;
  return `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}` as Digest;
}

/** The chain id of each layer, bottom first. */
export function chainOf(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) chain.push(nextChainId(chain.at(-1), diffId));
  return chain;
}
