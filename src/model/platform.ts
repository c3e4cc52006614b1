import { invalid } from './errors.ts';
import type { Platform } from './oci-image.ts';

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64', i386: '386', i686: '386', armhf: 'arm', armel: 'arm',
};

/** `linux/arm64/v8`, `linux/amd64`, `linux`, `arm64`; names as containerd normalises them. Throws `invalid`. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) {
    throw invalid(`"${text.slice(0, 60)}": invalid platform, expected os[/architecture[/variant]]`);
  }
  const [first = '', second, third] = parts;
  const host = ({ x64: 'amd64', ia32: '386' } as Record<string, string>)[process.arch] ?? process.arch;
  const isSystem = second !== undefined || ['linux', 'windows', 'darwin', 'freebsd'].includes(first);
  const [os, named, variant] = isSystem ? [first, second ?? host, third] : ['linux', first, undefined];
  const architecture = architectures[named] ?? named;
  // arm64 without a variant is v8, which nobody writes.
  const plain = architecture === 'arm64' && variant === 'v8';
  return { os, architecture, ...(variant === undefined || plain ? {} : { variant }) };
}
