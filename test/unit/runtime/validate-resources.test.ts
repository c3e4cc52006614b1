import { expect, test } from 'vitest';
import type { ResourcesRequest } from '../../../src/runtime/spec/build.ts';
import { validateResources } from '../../../src/runtime/validate-resources.ts';
import { host } from './examples.ts';

const MiB = 1024 * 1024;

test.each<[ResourcesRequest, string]>([
  [{ memory: 1 * MiB }, 'Minimum memory limit allowed is 6MB'],
  [{ memory: 64 * MiB, memorySwap: 32 * MiB }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
  [{ memorySwap: 32 * MiB }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [{ memory: 64 * MiB, memoryReservation: 65 * MiB }, 'Minimum memory limit can not be less than memory reservation limit, see usage'],
  [{ memorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
  [{ nanoCpus: 5e9 }, 'Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
  [{ nanoCpus: 1e6 }, 'Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
  [{ nanoCpus: 1e9, cpuQuota: 5000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [{ cpuPeriod: 10 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ cpuQuota: 10 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ cpusetCpus: '0-4294967295' }, 'Invalid value 0-4294967295 for cpuset cpus'],
  [{ cpusetCpus: '0-9' }, 'Requested CPUs are not available - requested 0-9, available: 0-3'],
  [{ blkioWeight: 5 }, 'Range of blkio weight is from 10 to 1000'],
  [{ deviceReadBps: [{ major: 8, minor: 0, rate: 0 }] }, 'invalid device rate'],
])('%j is refused: %s', (resources, message) => {
  expect(() => validateResources(resources, host)).toThrow(message);
});

test.each<ResourcesRequest>([
  {}, { memory: 6 * MiB }, { memory: 64 * MiB, memorySwap: -1 }, { memory: 64 * MiB, memorySwap: 64 * MiB }, { nanoCpus: 4e9 },
  { cpuQuota: -1 }, { cpuPeriod: 1000, cpuQuota: 1000 }, { cpusetCpus: '0-3', cpusetMems: '0' }, { blkioWeight: 1000 }, { memorySwappiness: -1 },
])('%j is fine', (resources) => {
  expect(() => validateResources(resources, host)).not.toThrow();
});
