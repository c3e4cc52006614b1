import type { OciDevice, OciDeviceRule } from '../../model/oci.ts';
import type { DeviceRequest, SpecRequest } from './request.ts';

/** Read, write and mknod on these; mknod alone on any, so that a build can unpack device nodes that it can't open. */
const defaultRules: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...([[1, 3], [1, 5], [1, 7], [1, 8], [1, 9], [5, 0], [5, 1], [5, 2]] as const)
    .map(([major, minor]): OciDeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

export function buildDevices(devices: readonly DeviceRequest[]): OciDevice[] {
  return devices.map(({ path, type, major, minor, mode, uid, gid }) => ({ path, type, major, minor, fileMode: mode, uid, gid }));
}

/** The device cgroup's list, in order: the last rule that matches decides. */
export function deviceRules(request: SpecRequest): OciDeviceRule[] {
  if (request.privileged) return [{ allow: true, access: 'rwm' }];
  return [
    ...defaultRules,
    ...request.devices.filter(({ type }) => type !== 'p').map(({ type, major, minor, access }): OciDeviceRule =>
      ({ allow: true, type: type === 'b' ? 'b' : 'c', major, minor, access })),
    ...(request.resources.deviceRules ?? []),
  ];
}
