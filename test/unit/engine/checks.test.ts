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
  [{}, { Runtime: 'kata' }, /unknown or invalid runtime name: kata/],
  [{}, { LogConfig: { Type: 'syslog' } }, /no log driver named 'syslog'/],
  [{}, { ExtraHosts: ['db'] }, /bad format for add-host/],
  [{}, { Dns: ['dns.example'] }, /must be an IP address/],
  [{}, { PidMode: 'x' }, /invalid PID mode/],
  [{}, { IpcMode: 'x' }, /invalid IPC mode/],
  [{ Hostname: 'h' }, { NetworkMode: 'container:x' }, /hostname and the network mode/],
  [{}, { NetworkMode: 'container:x', PortBindings: { '80/tcp': [{}] } }, /port publishing/],
  [{}, { Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 5 }] }, /soft limit/],
  [{ Hostname: 'a_b!' }, {}, /invalid hostname/],
  [{ Env: ['=x'] }, {}, /invalid environment variable/],
  [{ StopSignal: 'SIGFOO' }, {}, 'Invalid signal: SIGFOO'],
  [{ WorkingDir: 'rel' }, {}, /absolute path/],
  [{}, { DeviceRequests: [{}] }, /device requests/],
])('config %j with host config %j is refused', (config, hostConfig, words) => {
  expect(() => check(config, hostConfig)).toThrow(words);
});
