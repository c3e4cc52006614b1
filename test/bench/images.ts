/**
 * `make bench-images`: loading, pulling and saving beside Docker and podman, on disk and in memory, and beside tar
 * alone. Prints one Markdown table of ratios. `make bench-images ROUNDS=1` is a quick look.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/host/exec.ts';
import { buildSamples, type SampleImage } from './image-samples.ts';
import { median } from './measure.ts';
import { processesOf, pssOf } from './memory.ts';
import { must, startBerth, startDocker, startPodman, timeOf, type Peer } from './peers.ts';

const rounds = Number(process.env['ROUNDS'] ?? 3);
const targets: Readonly<Record<string, string>> = {
  'disk: load, many files': '1.5 × Docker', 'memory: load, many files': '2 × Docker', 'disk: load, one big file': '1.5 × Docker',
  'memory: load, one big file': '2 × Docker', 'disk: pull, many files': '2 × Docker', 'memory: pull, many files': '2 × Docker',
  'disk: save, many files': '1 × Docker', 'memory: save, many files': '1 × Docker', 'disk: commit, 2000 files': '1 × Docker',
  'memory: commit, 2000 files': '1 × Docker', 'disk: memory that a load takes': '120 MB', 'memory: memory that a load takes': '120 MB',
};

/** Figure → who → samples: milliseconds, or megabytes. */
const samples = new Map<string, Map<string, number[]>>();
function note(figure: string, who: string, value: number): void {
  const row = samples.get(figure) ?? new Map<string, number[]>();
  samples.set(figure, row.set(who, [...(row.get(who) ?? []), value]));
  process.stderr.write(`${figure}: ${who} ${value.toFixed(0)}\n`);
}

/** Megabytes by which the engine's processes grow at most while work goes on. */
async function growth(peer: Peer, work: () => Promise<unknown>): Promise<number> {
  const before = pssOf(processesOf(peer));
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, pssOf(processesOf(peer)))), 50);
  await work();
  clearInterval(timer);
  return (most - before) / 1e6;
}

async function startRegistry(peer: Peer, store: string): Promise<ChildProcess> {
  const config = join(store, 'config.yml');
  await writeFile(config, `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${store}/data}}\nhttp: {addr: "127.0.0.1:5000"}\n`);
  const [program = '', ...args] = [...peer.inside, 'docker-registry', 'serve', config];
  const child = spawn(program, args, { stdio: 'ignore' });
  for (let tries = 0; (await run(peer.inside[0] ?? '', [...peer.inside.slice(1), 'curl', '-sf', 'http://127.0.0.1:5000/v2/'])).exitCode !== 0; tries++) {
    if (tries > 100) throw new Error("docker-registry doesn't answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return child;
}

async function measure(place: string, peer: Peer, [many, big]: readonly [SampleImage, SampleImage], registry: string, scratch: string): Promise<void> {
  const time = (...argv: string[]): Promise<number> => timeOf([...peer.client, ...argv]);
  const load = (archive: string): Promise<number> => time('load', '-q', '-i', archive);
  let took = 0;
  const grown = await growth(peer, async () => (took = await load(many.saved)));
  note(`${place}: load, many files`, peer.name, took);
  if (peer.name !== 'podman') note(`${place}: memory that a load takes`, peer.name, grown);
  note(`${place}: load, one big file`, peer.name, await load(big.saved));
  const saved = join(scratch, 'saved.tar');
  note(`${place}: save, many files`, peer.name, await time('save', '-o', saved, 'many:1'));
  await rm(saved);
  const make = 'mkdir /new; i=0; while [ $i -lt 2000 ]; do echo $i >/new/$i; i=$((i+1)); done';
  await must([...peer.client, 'run', ...peer.runFlags, '--name', 'changed', '--network', 'none', 'busybox', 'sh', '-c', make]);
  note(`${place}: commit, 2000 files`, peer.name, await time('commit', 'changed', 'changed:1'));
  await must([...peer.client, 'rmi', '-f', 'many:1', 'big:1']);
  const served = await startRegistry(peer, registry);
  try {
    const plain = peer.name === 'podman' ? ['--tls-verify=false'] : [];
    note(`${place}: pull, many files`, peer.name, await time('pull', '-q', ...plain, '127.0.0.1:5000/many:1'));
  } finally {
    served.kill('SIGTERM');
  }
}

const directory = await mkdtemp(join(tmpdir(), 'bi-'));
// Podman takes no long paths.
const memory = join(directory, 'm');
const disk = join(directory, 'd');
const peers: Peer[] = [];
try {
  const [many, big] = await buildSamples(directory);
  const pair = [many!, big!] as const;
  const registry = join(directory, 'registry');
  await mkdir(join(registry, 'data'), { recursive: true });
  await mkdir(memory);
  await must(['mount', '-t', 'tmpfs', '-o', 'size=8g', 'tmpfs', memory]);
  const filler = await startBerth();
  peers.push(filler);
  const served = await startRegistry(filler, registry);
  await must([...filler.inside, 'skopeo', 'copy', '-q', '--dest-tls-verify=false', `oci-archive:${many!.layout}:many:1`, 'docker://127.0.0.1:5000/many:1']);
  served.kill('SIGTERM');
  // A file system of its own, on the disk: neither what others write nor what they deleted lately counts.
  await must(['truncate', '-s', '40G', join(directory, 'disk.img')]);
  await must(['mkfs.ext4', '-q', '-F', join(directory, 'disk.img')]);
  await mkdir(disk);
  await must(['mount', '-o', 'loop', join(directory, 'disk.img'), disk]);
  for (const [place, at] of [['memory', memory], ['disk', disk]] as const) {
    process.env['TMPDIR'] = at;
    for (let round = 0; round < rounds; round++) {
      const tree = await mkdtemp(join(at, 'tar-'));
      const begun = performance.now();
      for (const layer of many!.layers) await must(['tar', '-xpf', layer, '--numeric-owner', '-C', tree]);
      note(`${place}: load, many files`, 'tar', performance.now() - begun);
      for (const start of [startBerth, startDocker, startPodman]) {
        const peer = await start();
        await measure(place, peer, pair, registry, at);
        // ext4 passes over inodes that were freed a short while ago, and is slow at it: on disk nothing goes before the end.
        if (place === 'disk') peers.push(peer);
        else await peer.stop();
      }
      if (place === 'memory') await rm(tree, { recursive: true });
    }
  }
} finally {
  for (const peer of peers) await peer.stop();
  await run('umount', ['--lazy', memory]);
  await run('umount', ['--lazy', disk]);
  await rm(directory, { recursive: true, force: true });
}

const who = ['berth', 'docker', 'podman', 'tar'];
const cell = (value: number | undefined): string => (value === undefined ? '–' : Math.round(value).toLocaleString('en'));
const lines = [...samples].map(([figure, row]) => {
  const medians = new Map([...row].map(([name, values]) => [name, median(values)]));
  const own = medians.get('berth') ?? NaN;
  const ratios = who.slice(1).map((name) => (medians.has(name) ? `${(medians.get(name)! / own).toPrecision(3)} ×` : '–'));
  const unit = figure.includes('memory that') ? 'MB' : 'ms';
  return `| ${[figure, unit, ...who.map((name) => cell(medians.get(name))), ...ratios, targets[figure] ?? '–'].join(' | ')} |`;
});
process.stdout.write([
  '| figure | unit | Berth | Docker | podman | tar | × Docker | × podman | × tar | target |', '|---|---|---|---|---|---|---|---|---|---|', ...lines, '',
].join('\n'));
process.exit();
