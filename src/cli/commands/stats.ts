import type { ContainerStats, ContainerSummary } from '../../api/wire/docker.ts';
import { shortId } from '../../model/ids.ts';
import { containerPath } from '../client.ts';
import type { Cli } from '../context.ts';
import { text, toggle } from '../flags.ts';
import { formatListing, type Row } from '../format.ts';
import { binarySize, humanSize } from '../units.ts';
import { verb } from '../verb.ts';

const table = '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}';
/** To the top left, and what is below away. */
const homeAndClear = '\x1b[H\x1b[J';

export default verb({
  usage: '[OPTIONS] [CONTAINER...]',
  about: 'Show what containers use, again and again.',
  examples: [['stats', 'All that run'], ['stats --no-stream site', 'One look']],
  flags: {
    all: toggle('-a, --all', 'Show all, not only running ones'),
    format: text('--format <template>', 'Go template, json or table …'),
    noStream: toggle('--no-stream', 'Show one look and end'),
    noTrunc: toggle('--no-trunc', 'Show everything whole'),
  },
  async run(cli, { all, format, noStream, noTrunc }, names) {
    const headings = {
      ID: 'CONTAINER ID', Container: 'CONTAINER', Name: 'NAME', CPUPerc: 'CPU %', MemUsage: 'MEM USAGE / LIMIT',
      MemPerc: 'MEM %', NetIO: 'NET I/O', BlockIO: 'BLOCK I/O', PIDs: 'PIDS',
    };
    for (;;) {
      const listed = names.length > 0 ? names : await listedNames(cli, all);
      // Each answer takes a second, all at the same time: the engine compares two samples.
      const samples = await Promise.all(listed.map((name) => sampleOf(cli, name, names.length > 0)));
      const rows = samples.flatMap((sample, at) => (sample ? [rowOf(listed[at] ?? '', sample, noTrunc)] : []));
      if (!noStream && cli.stdout.isTTY) cli.write(homeAndClear);
      cli.write(formatListing(format, { table, headings, rows }));
      if (noStream) return 0;
      if (listed.length === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  },
});

async function listedNames(cli: Cli, all: boolean): Promise<string[]> {
  return (await cli.client.get<ContainerSummary[]>('/containers/json', { all })).map(({ Id }) => Id);
}

/** One that went away meanwhile is left out, unless it was asked for by name. */
async function sampleOf(cli: Cli, name: string, strict: boolean): Promise<ContainerStats | undefined> {
  try {
    return await cli.client.get<ContainerStats>(containerPath(name, 'stats'), { stream: '0' });
  } catch (error) {
    if (strict) throw error;
    return undefined;
  }
}

const percent = (share: number): string => `${(Number.isFinite(share) ? share * 100 : 0).toFixed(2)}%`;

function rowOf(asked: string, stats: ContainerStats, noTrunc: boolean): Row {
  const { memory_stats: memory, cpu_stats: cpu, precpu_stats: before } = stats;
  // What the kernel can take back at once is no use of memory: Docker leaves it out too.
  const cache = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
  const used = Math.max(0, (memory.usage ?? 0) - (cache < (memory.usage ?? 0) ? cache : 0));
  const limit = memory.limit ?? 0;
  const spent = cpu.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (cpu.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const networks = Object.values(stats.networks ?? {});
  const sum = (numbers: readonly number[]): string => humanSize(numbers.reduce((all, one) => all + one, 0), 3);
  const counters = stats.blkio_stats.io_service_bytes_recursive ?? [];
  const blocks = (op: string): string =>
    sum(counters.filter((one) => one.op.toLowerCase() === op).map(({ value }) => value));
  return {
    BlockIO: `${blocks('read')} / ${blocks('write')}`,
    CPUPerc: percent(spent > 0 && passed > 0 ? (spent / passed) * (cpu.online_cpus ?? 1) : 0),
    Container: asked,
    ID: noTrunc ? stats.id : shortId(stats.id),
    MemPerc: percent(limit > 0 ? used / limit : 0),
    MemUsage: `${binarySize(used)} / ${binarySize(limit)}`,
    Name: stats.name.replace(/^\//, ''),
    NetIO: `${sum(networks.map((one) => one.rx_bytes))} / ${sum(networks.map((one) => one.tx_bytes))}`,
    PIDs: String(stats.pids_stats.current ?? 0),
  };
}
