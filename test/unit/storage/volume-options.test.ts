import { expect, test } from 'vitest';
import { volumeMount } from '../../../src/storage/volume-options.ts';

const mountOf = (options: Record<string, string> | null): unknown => volumeMount({ mountpoint: '/v/_data', options });

test('a volume without a device is a mere directory', () => {
  expect(mountOf(null)).toBeUndefined();
  expect(mountOf({})).toBeUndefined();
});

test.each([
  [{ type: 'tmpfs', device: 'tmpfs', o: 'size=1m,noexec' }, { type: 'tmpfs', source: 'tmpfs', flags: 8, data: 'size=1m' }],
  [{ type: 'none', device: '/srv/x', o: 'bind,ro' }, { type: '', source: '/srv/x', flags: 0x1001, data: '' }],
  [{ type: 'nfs', device: '198.51.100.7:/export', o: 'vers=4' }, { type: 'nfs', flags: 0, data: 'vers=4,addr=198.51.100.7' }],
  [{ type: 'nfs', device: ':/export', o: 'addr=198.51.100.7,rw' }, { type: 'nfs', source: ':/export', data: 'addr=198.51.100.7' }],
])('%j is mounted so', (options, expected) => expect(mountOf(options as Record<string, string>)).toMatchObject(expected));
