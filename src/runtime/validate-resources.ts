import { invalid } from '../model/errors.ts';
import { type HostFacts, parseNumberList } from './host-facts.ts';
import type { ResourcesRequest } from './spec/request.ts';
import { formatNumberList } from './validate.ts';

/** Least memory that Docker takes. */
const leastMemory = 6 * 1024 * 1024;

type Check = (asked: ResourcesRequest, host: HostFacts, update: boolean) => string | undefined | false;

/**
 * Throws `invalid`, in Docker's words, for limits that make no sense; for the answer to a create, or to an update, which
 * names what is to change alone.
 */
export function validateResources(asked: ResourcesRequest, host: HostFacts, update = false): void {
  for (const check of checks) {
    const fault = check(asked, host, update);
    if (fault) throw invalid(fault);
  }
}

const checks: readonly Check[] = [
  ({ memory = 0 }) => memory < 0 && 'Minimum memory limit allowed is 6MB',
  ({ memory = 0 }) => memory > 0 && memory < leastMemory && 'Minimum memory limit allowed is 6MB',
  ({ memory = 0, memorySwap = 0 }) =>
    memory > 0 && memorySwap > 0 && memorySwap < memory && 'Minimum memoryswap limit should be larger than memory limit, see usage',
  ({ memory = 0, memorySwap = 0 }, _, update) =>
    memory === 0 && memorySwap > 0 && !update && 'You should always set the Memory limit when using Memoryswap limit, see usage',
  ({ memorySwappiness: value = -1 }) => (value < -1 || value > 100) && `Invalid value: ${value}, valid memory swappiness range is 0-100`,
  ({ memoryReservation = 0 }) =>
    memoryReservation > 0 && memoryReservation < leastMemory && 'Minimum memory reservation allowed is 6MB',
  ({ memory = 0, memoryReservation = 0 }) => memory > 0 && memoryReservation > memory
    && 'Minimum memory limit can not be less than memory reservation limit, see usage',
  ({ nanoCpus = 0, cpuPeriod = 0 }) => nanoCpus > 0 && cpuPeriod > 0
    && 'Conflicting options: Nano CPUs and CPU Period cannot both be set',
  ({ nanoCpus = 0, cpuQuota = 0 }) => nanoCpus > 0 && cpuQuota > 0
    && 'Conflicting options: Nano CPUs and CPU Quota cannot both be set',
  ({ nanoCpus = 0 }, { cpus }) => (nanoCpus < 0 || nanoCpus > cpus.length * 1e9 || (nanoCpus > 0 && nanoCpus < 1e7))
    && `Range of CPUs is from 0.01 to ${cpus.length}.00, as there are only ${cpus.length} CPUs available`,
  ({ cpuShares = 0 }) => cpuShares < 0 && `invalid CPU shares ${cpuShares}: it can not be less than 0`,
  ({ cpuPeriod: period = 0 }) => period !== 0 && (period < 1000 || period > 1_000_000)
    && 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
  ({ cpuQuota = 0 }) => cpuQuota > 0 && cpuQuota < 1000 && 'CPU cfs quota can not be less than 1ms (i.e. 1000)',
  ({ cpusetCpus: text = '' }, { cpus }) => list('cpus', text, cpus, 'Requested CPUs are not available'),
  ({ cpusetMems: text = '' }, { memoryNodes }) => list('mems', text, memoryNodes, 'Requested memory nodes are not available'),
  ({ blkioWeight = 0 }) => blkioWeight !== 0 && (blkioWeight < 10 || blkioWeight > 1000) && 'Range of blkio weight is from 10 to 1000',
  ({ blkioWeightDevice = [] }) => blkioWeightDevice.some(({ weight }) => weight < 10 || weight > 1000)
    && 'Range of blkio weight is from 10 to 1000',
  ({ deviceReadBps = [], deviceWriteBps = [], deviceReadIops = [], deviceWriteIops = [] }) =>
    [...deviceReadBps, ...deviceWriteBps, ...deviceReadIops, ...deviceWriteIops].some(({ rate }) => !Number.isInteger(rate) || rate < 1)
    && 'invalid device rate: it must be a whole number above 0',
];

function list(what: string, text: string, available: readonly number[], missing: string): string | false {
  if (text === '') return false;
  const numbers = parseNumberList(text);
  if (numbers === undefined) return `Invalid value ${text.slice(0, 80)} for cpuset ${what}: invalid format: ${text.slice(0, 80)}`;
  if (numbers.some((one) => one > 8192)) return `Invalid value ${text.slice(0, 80)} for cpuset ${what}: value of out range, maximum is 8192`;
  return !numbers.every((one) => available.includes(one))
    && `${missing} - requested ${text.slice(0, 80)}, available: ${formatNumberList(available)}`;
}
