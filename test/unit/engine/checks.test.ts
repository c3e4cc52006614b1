import { expect, test } from 'vitest';
import { parseConfig, parseHostConfig } from '../../../src/api/wire/create.ts';
import { checkCreate } from '../../../src/engine/checks.ts';

const check = (config: object, hostConfig: object): void =>
  checkCreate({ config: parseConfig({ Image: 'x', ...config }), hostConfig: parseHostConfig(hostConfig) });

test('nothing special is good', () => {
  expect(() => check({}, {})).not.toThrow();
});

test.each([
  [{}, { OomScoreAdj: 2000 }, /oom score adj/],
  [{}, { ShmSize: -1 }, /SHM size/],
  [{}, { UsernsMode: 'private' }, /user namespaces .* aren't there yet/],
  [{}, { Runtime: 'kata' }, /Unknown runtime specified kata/],
  [{}, { LogConfig: { Type: 'syslog' } }, /error looking up logging plugin syslog: plugin "syslog" not found/],
  [{}, { ExtraHosts: ['db'] }, /bad format for add-host/],
  [{}, { Dns: ['dns.example'] }, /must be an IP address/],
  [{}, { PidMode: 'x' }, /invalid PID mode/],
  [{}, { IpcMode: 'x' }, /invalid IPC mode/],
  [{ Hostname: 'h' }, { NetworkMode: 'container:x' }, /hostname and the network mode/],
  [{}, { NetworkMode: 'container:x', PortBindings: { '80/tcp': [{}] } }, /port publishing/],
  [{}, { Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 5 }] }, /soft limit/],
  [{ Hostname: 'x'.repeat(65) }, {}, /invalid hostname/],
  [{ Hostname: 'a\n1.2.3.4 b' }, {}, /invalid hostname/],
  [{ Domainname: 'x'.repeat(65) }, {}, /invalid domainname/],
  [{ Env: ['=x'] }, {}, /invalid environment variable/],
  [{ StopSignal: 'SIGFOO' }, {}, 'Invalid signal: SIGFOO'],
  [{ WorkingDir: 'rel' }, {}, /absolute path/],
  [{}, { StorageOpt: { size: '1G' } }, /--storage-opt is supported only for overlay over xfs/],
  [{}, { IOMaximumIOps: 1 }, /Invalid QoS settings/],
  [{}, { KernelMemory: 1 }, /Minimum kernel memory limit allowed is 6MB/],
  [{}, { CapAdd: ['net_admin', 'bogus'] }, 'invalid CapAdd: unknown capability: "CAP_BOGUS"'],
  [{ MacAddress: '02:42:ac:11:00:02' }, { NetworkMode: 'host' }, /mac-address and the network mode/],
  [{}, { NetworkMode: 'host', Links: ['a:b'] }, /host type networking can't be used with links/],
])('config %j with host config %j is refused', (config, hostConfig, words) => {
  expect(() => check(config, hostConfig)).toThrow(words);
});
