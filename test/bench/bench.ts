/**
 * `make bench`: Berth, Docker and podman in worlds of their own, crun beside them, every figure in turn. Prints one
 * Markdown table and writes it with its picture to test/bench/RESULTS.md and results.svg. `make bench ONLY=exec`
 * measures the figures whose names contain a word, and writes nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from './api.ts';
import { figures } from './figures.ts';
import { compare, inTurns } from './measure.ts';
import { must, startBerth, startDocker, startPodman, type Peer } from './peers.ts';
import { markdown, picture, type Row } from './report.ts';

const only = process.env['ONLY'];
const directory = await mkdtemp(join(tmpdir(), 'berth-bench-'));
const peers: Peer[] = [];
const apis = new Map<string, Api>();
try {
  for (const start of [startBerth, startDocker, startPodman]) peers.push(await start());
  for (const peer of peers) {
    if (peer.socket) apis.set(peer.name, new Api(peer.socket));
    // A container that idles keeps what every start shares, as on a machine that is in use.
    await must([...peer.client, 'run', ...peer.runFlags, '-d', '--name', 'idle', 'busybox', 'sleep', '3600']);
  }
  const rows: Row[] = [];
  for (const figure of figures({ peers, apis, directory })) {
    if (only && !figure.name.includes(only)) continue;
    const row = { figure, result: compare(await inTurns(figure.ways, figure.rounds), figure.better) };
    rows.push(row);
    process.stderr.write(`${figure.name}: ${[...row.result.medians].map(([name, value]) => `${name} ${value.toFixed(1)}`).join(', ')} ${figure.unit}\n`);
  }
  const versions = [
    `Docker ${(await must([...peers[1]!.client, 'version', '-f', '{{.Server.Version}} (client {{.Client.Version}})'])).trim()}`,
    (await must(['podman', '--version'])).trim().replace(' version', ''),
    (await must(['crun', '--version'])).split('\n')[0]!.replace(' version', ''),
  ];
  const table = markdown(rows, versions);
  process.stdout.write(table);
  if (!only) {
    await writeFile(join(import.meta.dirname, 'RESULTS.md'), `${table}\n![ratios](results.svg)\n`);
    await writeFile(join(import.meta.dirname, 'results.svg'), picture(rows));
  }
} finally {
  for (const api of apis.values()) api.close();
  for (const peer of peers) await peer.stop();
  await rm(directory, { recursive: true, force: true });
}
process.exit();
