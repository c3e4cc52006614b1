import { describe, expect, it } from 'vitest';
import { mountOf, propagationFault } from '../../../src/engine/propagation.ts';

const mountinfo = [
  '22 1 259:1 / / rw,relatime - ext4 /dev/vda rw',
  '30 22 0:26 / /mnt/a\\040b rw shared:7 - tmpfs tmpfs rw',
  '31 22 0:27 / /srv rw master:3 - tmpfs tmpfs rw',
  '32 30 0:28 / /mnt/a\\040b/in rw - tmpfs tmpfs rw',
].join('\n');

describe('the propagation of a bind', () => {
  it('depends on the mount that its source lies on', () => {
    expect(mountOf('/mnt/a b/x', mountinfo)).toEqual({ point: '/mnt/a b', fields: ['shared:7'] });
    expect(mountOf('/mnt/a b/in/x', mountinfo).point).toBe('/mnt/a b/in');
    expect(mountOf('/srvx', mountinfo).point).toBe('/');
  });

  it('is refused in Docker’s words where the host doesn’t share', () => {
    expect(propagationFault('/mnt/a b', 'rshared', mountinfo)).toBeUndefined();
    expect(propagationFault('/srv', 'rslave', mountinfo)).toBeUndefined();
    expect(propagationFault('/srv', 'shared', mountinfo)).toBe('path /srv is mounted on /srv but it is not a shared mount');
    expect(propagationFault('/tmp', 'slave', mountinfo)).toBe('path /tmp is mounted on / but it is not a shared or slave mount');
    expect(propagationFault('/tmp', 'rprivate', mountinfo)).toBeUndefined();
  });
});
