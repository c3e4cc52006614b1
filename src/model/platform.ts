import { invalid } from './errors.ts';
import type { Platform } from './oci-image.ts';

/** Other spellings that people and tools use (OCI image index, "platform"; Go's GOARCH list). */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64', 'x86-64': 'amd64', i386: '386', i686: '386', aarch64: 'arm64', armhf: 'arm', armel: 'arm',
};
const variants: Readonly<Record<string, string>> = { armhf: 'v7', armel: 'v6' };
const known = new Set([
  'amd64', '386', 'arm', 'arm64', 'loong64', 'mips', 'mipsle', 'mips64', 'mips64le', 'ppc64', 'ppc64le', 'riscv64',
  's390x', 'wasm',
]);
const systems = new Set(['linux', 'windows', 'darwin', 'freebsd', 'openbsd', 'netbsd', 'solaris', 'aix', 'wasi']);

export function hostPlatform(): Platform {
  const architecture = ({ x64: 'amd64', ia32: '386' } as Record<string, string>)[process.arch] ?? process.arch;
  return { os: 'linux', architecture };
}

/** `linux/arm64/v8`, `arm64`, `linux`; throws `invalid` in Docker's words. What is left out is the host's. */
export function parsePlatform(text: string, host: Platform): Platform {
  const parts = text.trim().toLowerCase().split('/');
  const bad = (why: string): Error => invalid(`"${text.slice(0, 100)}": ${why}: invalid argument`);
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw bad('cannot parse platform specifier');
  const [first = '', second, third] = parts;
  if (second === undefined) {
    if (systems.has(first)) return { os: first, architecture: host.architecture };
    const architecture = architectures[first] ?? first;
    if (!known.has(architecture)) throw bad('unknown operating system or architecture');
    return normalised({ os: host.os, architecture, ...(variants[first] ? { variant: variants[first] } : {}) });
  }
  const variant = third ?? variants[second];
  return normalised({
    os: first, architecture: architectures[second] ?? second, ...(variant === undefined ? {} : { variant }),
  });
}

/** arm64 is v8, arm is v7 unless told; what goes without saying isn't said. */
function normalised({ os, architecture, variant }: Platform): Platform {
  const usual = architecture === 'arm64' ? ['v8', '8'] : architecture === 'amd64' ? ['v1'] : [];
  if (variant === undefined || usual.includes(variant)) {
    return { os, architecture, ...(architecture === 'arm' ? { variant: 'v7' } : {}) };
  }
  return { os, architecture, variant: /^\d$/.test(variant) ? `v${variant}` : variant };
}

export const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant ? [variant] : [])].join('/');

/**
 * The best of several for one platform, or undefined: the same variant, else the highest that is lower (a v7 machine
 * runs v6), else one without a variant.
 */
export function bestFor<T extends { readonly platform?: Platform | undefined }>(
  wanted: Platform, all: readonly T[],
): T | undefined {
  const want = normalised(wanted);
  const level = (variant: string | undefined): number => Number(/^v(\d+)$/.exec(variant ?? '')?.[1] ?? 0);
  const fitting = all
    .filter(({ platform }) => platform?.os === want.os && platform.architecture === want.architecture)
    .map((one) => ({ one, variant: normalised(one.platform!).variant }));
  const same = fitting.find(({ variant }) => variant === want.variant);
  const lower = fitting
    .filter(({ variant }) => level(variant) < level(want.variant))
    .toSorted((a, b) => level(b.variant) - level(a.variant))[0];
  return (same ?? lower ?? (want.variant === undefined ? fitting[0] : undefined))?.one;
}
