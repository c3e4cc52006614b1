import type { OciNamespace, OciNamespaceType } from '../../model/oci.ts';
import type { HostFacts } from '../host-facts.ts';
import type { NamespaceRequest, SpecRequest } from './request.ts';

const kernelNames: Readonly<Record<OciNamespaceType, string>> = {
  pid: 'pid', network: 'net', mount: 'mnt', ipc: 'ipc', uts: 'uts', cgroup: 'cgroup', user: 'user',
};

export function buildNamespaces(request: SpecRequest['namespaces'], host: HostFacts): OciNamespace[] {
  // The host's on cgroup v1, as Docker: its containers see their own groups by bind mounts there.
  const cgroup = request.cgroup ?? { mode: host.cgroups.kind === 'v2' ? 'private' : 'host' };
  return [
    { type: 'mount' },
    ...one('network', request.network),
    ...one('uts', request.uts),
    ...one('pid', request.pid),
    ...one('ipc', request.ipc),
    ...one('cgroup', cgroup),
  ];
}

function one(type: OciNamespaceType, wish: NamespaceRequest): OciNamespace[] {
  switch (wish.mode) {
    case 'host':
      return [];
    case 'private':
      return [{ type }];
    case 'join':
      return [{ type, path: `/proc/${wish.pid}/ns/${kernelNames[type]}` }];
    default:
      return wish satisfies never;
  }
}

/** `net.*` belongs to the network namespace, so the defaults come only with one of the container's own. */
export function buildSysctls(request: SpecRequest): Record<string, string> {
  const own = Object.fromEntries(Object.entries(request.sysctls).map(([name, value]) => [name.replaceAll('/', '.'), value]));
  if (request.namespaces.network.mode !== 'private') return own;
  return { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647', ...own };
}
