import { expect, test } from 'vitest';
import { parseConfig, parseHostConfig } from '../../../src/api/wire/create.ts';
import { checkCreate } from '../../../src/engine/checks.ts';

const check = (config: object, hostConfig: object): void =>
  checkCreate({ config: parseConfig({ Image: 'x', ...config }), hostConfig: parseHostConfig(hostConfig) });

test('nothing special is good', () => {
  expect(() => check({}, {})).not.toThrow();
});

test.each([
  [{}, { Memory: 1024 }, 'Minimum memory limit allowed is 6MB'],
  [{}, { Memory: 2 ** 26, MemorySwap: 2 ** 25 }, /memoryswap limit should be larger/],
  [{}, { MemorySwap: 2 ** 26 }, /always set the Memory limit/],
  [{}, { Memory: 2 ** 26, MemoryReservation: 2 ** 27 }, /reservation/],
  [{}, { NanoCpus: 1e9, CpuQuota: 50_000 }, /Nano CPUs and CPU Quota/],
  [{}, { CpuPeriod: 10 }, /CPU cfs period/],
  [{}, { CpuQuota: 10 }, /CPU cfs quota/],
  [{}, { BlkioWeight: 5 }, /blkio weight/],
  [{}, { OomScoreAdj: 2000 }, /oom score adj/],
  [{}, { MemorySwappiness: 101 }, /swappiness/],
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
