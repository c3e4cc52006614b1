/**
 * Berth compared with real Docker, scenario by scenario.
 *
 *   main.ts live [NAME…]      both run now
 *   main.ts record [NAME…]    Docker runs, and what it answers is kept in record/
 *   main.ts recorded [NAME…]  Berth runs, and is compared with what is kept
 *
 * NAME: a scenario, `area/name`, or the beginning of one. Exits with 1 where a difference isn't in accepted.md, or where
 * accepted.md tells of one that is no more.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '../../src/host/exec.ts';
import { judge, parseAccepted, stale, type Accepted } from './accepted.ts';
import type { Kind } from './engines.ts';

const here = import.meta.dirname;
const recordDirectory = join(here, 'record');
const [mode = '', ...asked] = process.argv.slice(2);
/** Engines of a kind that run at once. */
const width = Number(process.env.COMPARE_WIDTH ?? 2);

interface Answers {
  readonly version: string;
  readonly output: ReadonlyMap<string, string>;
}

async function scenarios(): Promise<string[]> {
  const all = (await readdir(join(here, 'scenarios'), { recursive: true }))
    .filter((file) => file.endsWith('.sh')).map((file) => file.slice(0, -3)).sort();
  return asked.length === 0 ? all : all.filter((name) => asked.some((start) => name.startsWith(start)));
}

/** Runs all of them on `width` engines. */
async function answersOf(kind: Kind, names: readonly string[]): Promise<Answers> {
  const queue = [...names];
  const output = new Map<string, string>();
  const versions = await Promise.all(Array.from({ length: Math.min(width, names.length) }, () => oneWorker(kind, queue, output)));
  const missing = names.filter((name) => !output.has(name));
  if (missing.length > 0) throw new Error(`${kind} gave no answer to ${missing.join(' ')}`);
  return { version: versions[0] ?? '', output };
}

async function oneWorker(kind: Kind, queue: string[], output: Map<string, string>): Promise<string> {
  const isolated = 'mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$@"';
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', isolated, 'worker',
    process.execPath, join(here, 'worker.ts'), kind], { stdio: ['pipe', 'pipe', 'inherit'] });
  let version = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { ready?: string; name?: string; output?: string };
    if (said.ready !== undefined) version = said.ready;
    if (said.name !== undefined) output.set(said.name, said.output ?? '');
    const next = queue.shift();
    if (next === undefined) child.stdin.end('\n');
    else child.stdin.write(`${next}\n`);
  }
  return version;
}

const recordFile = (name: string): string => join(recordDirectory, `${name}.txt`);

async function record(names: readonly string[]): Promise<void> {
  const { version, output } = await answersOf('docker', names);
  if (asked.length === 0) await rm(recordDirectory, { recursive: true, force: true });
  for (const [name, text] of output) {
    await mkdir(dirname(recordFile(name)), { recursive: true });
    await writeFile(recordFile(name), text);
  }
  await writeFile(join(recordDirectory, 'VERSION'), `${version}\n`);
  process.stdout.write(`recorded what Docker ${version} answers to ${output.size} scenarios\n`);
}

async function recorded(names: readonly string[]): Promise<Answers> {
  const missing = names.filter((name) => !existsSync(recordFile(name)));
  if (missing.length > 0) throw new Error(`no record of ${missing.join(' ')}: make compare-record`);
  const version = (await readFile(join(recordDirectory, 'VERSION'), 'utf8')).trim();
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(recordFile(name), 'utf8')] as const));
  return { version, output: new Map(texts) };
}

async function compare(names: readonly string[], docker: Answers, berth: Answers): Promise<number> {
  const accepted = parseAccepted(await readFile(join(here, 'accepted.md'), 'utf8'));
  const used = new Set<Accepted>();
  const directory = await mkdtemp(join(tmpdir(), 'compare-'));
  const rows: { name: string; verdict: string; diff: string }[] = [];
  try {
    for (const name of names) {
      const diff = await difference(directory, docker.output.get(name) ?? '', berth.output.get(name) ?? '');
      const { open, used: now } = judge(diff, name, accepted);
      for (const entry of now) used.add(entry);
      const told = now.size > 0 ? `, ${now.size} accepted` : '';
      rows.push({ name, diff, verdict: open.length > 0 ? `differs in ${open.length} lines${told}` : `same${told}` });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  const old = stale(accepted, used, names);
  const differing = rows.filter(({ verdict }) => verdict.startsWith('differs'));
  for (const { name, diff } of differing) process.stdout.write(`\n── ${name} ──\n${diff}`);
  const size = Math.max(...rows.map(({ name }) => name.length));
  process.stdout.write(`\n${'scenario'.padEnd(size)} | Docker ${docker.version} and Berth ${berth.version}\n${'-'.repeat(size)}-|-----\n`);
  for (const { name, verdict } of rows) process.stdout.write(`${name.padEnd(size)} | ${verdict}\n`);
  for (const { scenario, line } of old) process.stdout.write(`\naccepted.md: no longer occurs: ${scenario} | ${line}\n`);
  process.stdout.write(`\n${rows.length} scenarios: ${rows.length - differing.length} same, ${differing.length} differ; `
    + `${used.size} accepted differences\n`);
  return differing.length + old.length > 0 ? 1 : 0;
}

/** A unified diff, empty where they are the same. */
async function difference(directory: string, docker: string, berth: string): Promise<string> {
  if (docker === berth) return '';
  await writeFile(join(directory, 'docker'), docker);
  await writeFile(join(directory, 'berth'), berth);
  const { stdout } = await run('diff', ['-U', '3', '--label', 'docker', '--label', 'berth', join(directory, 'docker'), join(directory, 'berth')]);
  return stdout;
}

const names = await scenarios();
const began = performance.now();
if (names.length === 0) throw new Error(`no scenario is called ${asked.join(' ')}`);
switch (mode) {
  case 'record':
    await record(names);
    break;
  case 'recorded':
    process.exitCode = await compare(names, await recorded(names), await answersOf('berth', names));
    break;
  case 'live': {
    const [docker, berth] = await Promise.all([answersOf('docker', names), answersOf('berth', names)]);
    process.exitCode = await compare(names, docker, berth);
    break;
  }
  default:
    throw new Error('usage: main.ts live|record|recorded [NAME…]');
}
process.stdout.write(`${((performance.now() - began) / 1000).toFixed(0)} s\n`);
