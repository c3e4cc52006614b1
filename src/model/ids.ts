/** Branded identifiers, so that a container's id never stands where a digest should. */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** 64 lower-case hex digits, chosen at random when a container (or exec) is created. */
export type ContainerId = Brand<string, 'ContainerId'>;
/** `sha256:` and 64 lower-case hex digits. Anything else is refused before a path or URL is built from it. */
export type Digest = Brand<string, 'Digest'>;
/** The digest of an image's config blob: what Docker calls the image id. */
export type ImageId = Digest;

const digestPattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return digestPattern.test(text);
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** The twelve digits that people see in listings. */
export function shortId(id: string): string {
  return (id.startsWith('sha256:') ? id.slice(7) : id).slice(0, 12);
}
