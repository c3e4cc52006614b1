/**
 * One engine and the scenarios that it is given, one after another:
 *
 *   main → worker   a scenario's name, as a line
 *   worker → main   {"ready": version}, then {"name", "output"} for each, as lines of JSON
 *
 * It runs in a mount namespace of its own, where /run/netns is empty: engines that run at once don't meet there.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '../../src/host/exec.ts';
import { normalise, type Names } from './normalise.ts';
import { sampleImages, startEngine, type Engine, type Kind } from './engines.ts';

/** Debian's own client where there is one: it is of the same version as the dockerd that is compared with. */
const client = process.env.COMPARE_CLIENT ?? (existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker');
const kind = process.argv[2] as Kind;
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const engine = await startEngine(kind);
try {
  const digests = await knownDigests();
  const tools = join(engine.world.directory, 'tools');
  await mkdir(tools);
  await run('ln', ['-s', client, join(tools, 'docker')]);
  say({ ready: engine.version });
  for await (const name of createInterface({ input: process.stdin })) {
    if (name === '') break;
    const output = await runScenario(engine, name, tools, digests);
    say({ name, output });
    await engine.reset();
  }
} finally {
  await engine.stop();
}
process.exit(0);

async function runScenario({ world, socket, root, runDirectory }: Engine, name: string, tools: string, digests: Names['digests']): Promise<string> {
  const directory = join(world.directory, 'scenario');
  await run('rm', ['-rf', directory]);
  await mkdir(directory, { recursive: true });
  const scripts = import.meta.dirname;
  const script = await readFile(join(scripts, 'scenarios', `${name}.sh`), 'utf8');
  const result = await world.runWith({
    cwd: directory,
    timeout: 60_000,
    input: '',
    env: {
      PATH: `${tools}:${process.env.PATH ?? ''}`, HOME: directory, DOCKER_HOST: `unix://${socket}`, COMPARE_SOCKET: socket,
      // The client of a newer Docker than the one that is compared with speaks its language too.
      DOCKER_API_VERSION: '1.41', LC_ALL: 'C', TZ: 'UTC', ENGINE: kind, IMAGES: join(scripts, '../../build/images'),
    },
  }, 'host', 'sh', '-c', `. ${join(scripts, 'prelude.sh')}\n${script}`);
  const text = result.stdout + (result.stderr ? `\nthe scenario's own errors:\n${result.stderr}` : '')
    + (result.timedOut ? '\nthe scenario took longer than 60 s\n' : '');
  const directories = new Map([
    [directory, '<here>'], [socket, '<socket>'], [root, '<root>'], [runDirectory, '<root>'], [world.directory, '<world>'],
    [world.cgroupParent, '<cgroups>'],
  ]);
  return normalise(text, { directories, digests });
}

/** The sample images' ids and layers are the same everywhere they were built from the same packages, and only there. */
async function knownDigests(): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const name of sampleImages) {
    const { body } = await engine.ask('GET', `/images/${name}/json`);
    const image = body as { Id: string; RootFS: { Layers: string[] } };
    known.set(image.Id.replace('sha256:', ''), `<image ${name}>`);
    image.RootFS.Layers.forEach((layer, index) => {
      const digest = layer.replace('sha256:', '');
      if (!known.has(digest)) known.set(digest, `<layer ${index + 1} of ${name}>`);
    });
  }
  return known;
}
