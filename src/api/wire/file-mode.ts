/** Bits of Go's io/fs FileMode, which Docker's stat header speaks. */
const goBits = {
  directory: 2 ** 31, symlink: 2 ** 27, device: 2 ** 26, pipe: 2 ** 25, socket: 2 ** 24, setuid: 2 ** 23, setgid: 2 ** 22,
  character: 2 ** 21, sticky: 2 ** 20,
} as const;

const typeBits: Readonly<Record<number, number>> = {
  0o040000: goBits.directory, 0o120000: goBits.symlink, 0o060000: goBits.device, 0o020000: goBits.device + goBits.character,
  0o010000: goBits.pipe, 0o140000: goBits.socket,
};

/** st_mode of stat(2) → Go's number. */
export function goFileMode(mode: number): number {
  return (mode & 0o777) + (typeBits[mode & 0o170000] ?? 0) + (mode & 0o4000 ? goBits.setuid : 0)
    + (mode & 0o2000 ? goBits.setgid : 0) + (mode & 0o1000 ? goBits.sticky : 0);
}

/** RFC 3339 as Go's JSON has it: nanoseconds without trailing zeros. */
export function goTime({ seconds, nanoseconds }: { seconds: bigint; nanoseconds: number }): string {
  const year9999 = 253_402_300_799n;
  const bounded = seconds < 0n ? 0n : seconds > year9999 ? year9999 : seconds;
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
  return new Date(Number(bounded) * 1000).toISOString().replace(/\.000Z$/, `${fraction}Z`);
}
