import { run } from '../host/exec.ts';
import * as files from '../host/files.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { conflict, invalid } from '../model/errors.ts';
import { processesOf } from '../runtime/cgroups.ts';
import { cgroupPath } from './cgroups.ts';
import { tell, type Context } from './context.ts';

export interface ProcessTable {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

/**
 * The container's processes as the host sees them: `ps -ef`'s columns, or those that `psArgs` asks the host's ps for.
 */
export async function top(context: Context, record: ContainerRecord, psArgs: string): Promise<ProcessTable> {
  if (record.state.status === 'restarting')
    throw conflict(`container ${record.id} is restarting, wait until the container is running`);
  if (!isAlive(record.state)) throw conflict(`Container ${record.id} is not running`);
  tell(context, record, 'top');
  const pids = await processesOf(context.host.cgroups, cgroupPath(context, record.id, record.hostConfig.CgroupParent));
  if (psArgs !== '' && psArgs !== '-ef') return fromHostPs(pids, psArgs.split(/\s+/).filter(Boolean));
  const [users, boot] = await Promise.all([userNames(), bootTime()]);
  const rows = await Promise.all(pids.sort((a, b) => a - b).map((pid) => describe(pid, users, boot)));
  return {
    titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
    processes: rows.filter((row) => row !== undefined),
  };
}

async function fromHostPs(pids: readonly number[], args: readonly string[]): Promise<ProcessTable> {
  const result = await run('ps', args);
  if (result.exitCode !== 0)
    throw invalid(`ps: ${result.stderr.trim().split('\n')[0] || `exit code ${result.exitCode}`}`);
  const [head = '', ...lines] = result.stdout.split('\n').filter(Boolean);
  const titles = head.trim().split(/\s+/);
  const column = titles.indexOf('PID');
  if (column < 0) throw invalid(`Couldn't find PID field in ps output`);
  const wanted = new Set(pids.map(String));
  const processes = lines
    .map((line) => {
      const words = line.trim().split(/\s+/);
      return [...words.slice(0, titles.length - 1), words.slice(titles.length - 1).join(' ')];
    })
    .filter((row) => wanted.has(row[column] ?? ''));
  return { titles, processes };
}

async function userNames(): Promise<Map<string, string>> {
  const lines = ((await files.readTextIfAny('/etc/passwd')) ?? '').split('\n').map((line) => line.split(':'));
  return new Map(lines.reverse().map((fields) => [fields[2] ?? '', fields[0] ?? '']));
}

/** Seconds since 1970. */
async function bootTime(): Promise<number> {
  return Number(/^btime (\d+)/m.exec(await files.readText('/proc/stat'))?.[1] ?? 0);
}

const ticks = 100;
const two = (number: number): string => String(number).padStart(2, '0');

async function describe(pid: number, users: ReadonlyMap<string, string>, boot: number): Promise<string[] | undefined> {
  let stat: string | undefined;
  let status: string | undefined;
  let commandLine: string | undefined;
  try {
    [stat, status, commandLine] = await Promise.all([
      files.readTextIfAny(`/proc/${pid}/stat`),
      files.readTextIfAny(`/proc/${pid}/status`),
      files.readTextIfAny(`/proc/${pid}/cmdline`),
    ]);
  } catch {
    return undefined; // it ended while we looked
  }
  if (stat === undefined || status === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = Math.floor((Number(fields[11]) + Number(fields[12])) / ticks);
  const started = new Date((boot + Number(fields[19]) / ticks) * 1000);
  const age = Math.max(1, Date.now() / 1000 - started.getTime() / 1000);
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1] ?? '0';
  const name = /^Name:\s+(.*)$/m.exec(status)?.[1] ?? '';
  const sameDay = started.toDateString() === new Date().toDateString();
  const time = sameDay
    ? `${two(started.getHours())}:${two(started.getMinutes())}`
    : started.toLocaleDateString('en-US', { month: 'short', day: '2-digit' }).replace(' ', '');
  const command = (commandLine ?? '').split('\0').filter(Boolean).join(' ');
  return [
    users.get(uid) ?? uid,
    String(pid),
    fields[1] ?? '0',
    String(Math.min(99, Math.floor((seconds / age) * 100))),
    time,
    terminal(Number(fields[4])),
    `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`,
    command || `[${name}]`,
  ];
}

function terminal(number: number): string {
  if (number === 0) return '?';
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  return major >= 136 && major < 144 ? `pts/${(major - 136) * 256 + minor}` : `${major}/${minor}`;
}
