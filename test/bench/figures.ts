import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from './api.ts';
import { pssOf, processesOf } from './memory.ts';
import { must, sampleImage, timeOf, type Peer } from './peers.ts';

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: 'less' | 'more';
  /** What the project wants, as a ratio to the named peer's figure. */
  readonly target?: { readonly peer: string; readonly ratio: number };
  readonly rounds: number;
  /** Who takes part, and how one round is measured for each. */
  readonly ways: ReadonlyMap<string, () => Promise<number>>;
}

export interface Parts {
  readonly peers: readonly Peer[];
  readonly apis: ReadonlyMap<string, Api>;
  /** Scratch space. */
  readonly directory: string;
}

type Way = (peer: Peer, api: Api | undefined) => Promise<number>;

const inParallel = async (count: number, width: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) await work(next++);
  }));
};

const attached = 100 * 1024 * 1024;
const lines = 400_000;
const crowd = 40;

/** Every figure of the table, each measured with the engines in turn. */
export function figures({ peers, apis, directory }: Parts): Figure[] {
  const of = (way: Way, ...names: Peer['name'][]): Map<string, () => Promise<number>> =>
    new Map(peers.filter(({ name }) => names.includes(name)).map((peer) => [peer.name, () => way(peer, apis.get(peer.name))]));
  const run = (peer: Peer, ...words: string[]): string[] => [...peer.client, 'run', ...peer.runFlags, ...words];
  const berth = peers.find(({ name }) => name === 'berth');
  let serial = 0;

  const list: Figure[] = [
    {
      name: '`run --rm busybox true`', unit: 'ms', better: 'less', target: { peer: 'docker', ratio: 8 }, rounds: 15,
      ways: of((peer) => timeOf(run(peer, '--rm', 'busybox', 'true')), 'berth', 'docker', 'podman'),
    },
    {
      name: 'the same with `-p`', unit: 'ms', better: 'less', target: { peer: 'docker', ratio: 8 }, rounds: 15,
      ways: of((peer) => timeOf(run(peer, '--rm', '-p', '18080:80', 'busybox', 'true')), 'berth', 'docker', 'podman'),
    },
    {
      name: 'the same with `--network none`', unit: 'ms', better: 'less', rounds: 9,
      ways: of((peer) => timeOf(run(peer, '--rm', '--network', 'none', 'busybox', 'true')), 'berth', 'docker', 'podman'),
    },
    {
      name: 'create to end of `true` by the API, beside `crun run` of the same bundle', unit: 'ms', better: 'less',
      target: { peer: 'crun', ratio: 0.5 }, rounds: 25,
      ways: new Map([
        ...of((_, api) => api!.runTrue(), 'berth', 'docker'),
        ...(berth ? [['crun', bundleRun(berth, directory)] as const] : []),
      ]),
    },
    {
      name: '`exec true`', unit: 'ms', better: 'less', target: { peer: 'docker', ratio: 4 }, rounds: 15,
      ways: of((peer) => timeOf([...peer.client, 'exec', 'idle', 'true']), 'berth', 'docker', 'podman'),
    },
    {
      name: '`berth run --rm busybox true` beside `docker run` on Docker', unit: 'ms', better: 'less',
      target: { peer: 'docker', ratio: 4 }, rounds: 15,
      ways: of((peer) => timeOf([...peer.own, 'run', ...peer.runFlags, '--rm', 'busybox', 'true']), 'berth', 'docker'),
    },
    {
      name: `starts, ${crowd} with 8 at a time`, unit: '/s', better: 'more', target: { peer: 'docker', ratio: 12 }, rounds: 2,
      ways: of(async (peer) => {
        const begun = performance.now();
        await inParallel(crowd, 8, () => timeOf(run(peer, '-d', '--name', `crowd${++serial}`, 'busybox', 'sleep', '600')));
        return crowd / ((performance.now() - begun) / 1000);
      }, 'berth', 'docker'),
    },
    {
      name: `\`rm -f\` of ${crowd}`, unit: '/s', better: 'more', target: { peer: 'docker', ratio: 12 }, rounds: 1,
      ways: of(async (peer) => {
        const names = (await must([...peer.client, 'ps', '-q', '--filter', 'name=crowd'])).trim().split('\n').slice(0, crowd);
        return names.length / ((await timeOf([...peer.client, 'rm', '-f', ...names])) / 1000);
      }, 'berth', 'docker'),
    },
    {
      name: 'standard output through attach', unit: 'MB/s', better: 'more', target: { peer: 'docker', ratio: 15 }, rounds: 5,
      ways: of(async (peer) => {
        const took = await timeOf(run(peer, '--rm', '--log-driver', 'none', 'busybox', 'dd', 'if=/dev/zero', 'bs=64k', `count=${attached / 65536}`));
        return attached / 1e6 / (took / 1000);
      }, 'berth', 'docker'),
    },
    {
      name: `log write, ${lines} lines`, unit: 'lines/s', better: 'more', target: { peer: 'docker', ratio: 5 }, rounds: 3,
      ways: of(async (peer) => {
        await must([...peer.client, 'rm', '-f', 'writer']).catch(() => undefined);
        const begun = performance.now();
        await must(run(peer, '-d', '--name', 'writer', 'busybox', 'sh', '-c', `yes a line of a log file, neither long nor short | head -n ${lines}`));
        await must([...peer.client, 'wait', 'writer']);
        return lines / ((performance.now() - begun) / 1000);
      }, 'berth', 'docker'),
    },
    {
      name: 'log read back (`logs`)', unit: 'lines/s', better: 'more', target: { peer: 'docker', ratio: 10 }, rounds: 3,
      ways: of(async (peer) => lines / ((await timeOf([...peer.client, 'logs', 'writer'])) / 1000), 'berth', 'docker'),
    },
    {
      name: 'memory of an idle container, all that exists because of it', unit: 'MB', better: 'less',
      target: { peer: 'docker', ratio: 5 }, rounds: 1,
      ways: of(async (peer) => {
        const before = pssOf(processesOf(peer));
        const names = Array.from({ length: 10 }, () => `idle${++serial}`);
        for (const name of names) await must(run(peer, '-d', '--name', name, 'busybox', 'sleep', '600'));
        await new Promise((resolve) => setTimeout(resolve, 500));
        const grown = pssOf(processesOf(peer)) - before;
        await must([...peer.client, 'rm', '-f', ...names]);
        return grown / names.length / 1e6;
      }, 'berth', 'docker'),
    },
    {
      name: 'memory of the engine', unit: 'MB', better: 'less', rounds: 1,
      ways: of(async (peer) => pssOf(peer.processes()) / 1e6, 'berth', 'docker'),
    },
  ];
  return list;
}

/** `crun run` of what Berth itself would start: its own config.json, on a directory with the image's files. */
function bundleRun(berth: Peer, directory: string): () => Promise<number> {
  let ready: Promise<void> | undefined;
  let serial = 0;
  const prepare = async (): Promise<void> => {
    const root = join(directory, 'bundle/rootfs');
    await mkdir(root, { recursive: true });
    const layers = JSON.parse(await must(['tar', '-xOf', sampleImage, 'manifest.json'])) as { Layers: string[] }[];
    for (const layer of layers[0]?.Layers ?? []) await must(['sh', '-c', `tar -xOf '${sampleImage}' '${layer}' | tar -x -C '${root}'`]);
    const id = (await must([...berth.client, 'run', '-d', 'busybox', 'sleep', '60'])).trim();
    const source = join(berth.directory, 'a/root/containers', id);
    const spec = JSON.parse(await readFile(join(source, 'config.json'), 'utf8')) as {
      ociVersion: string;
      root: { path: string }; process: { args: string[] }; linux: { cgroupsPath?: string; seccomp: { syscalls: { names: string[] }[] }; namespaces: { type: string; path?: string }[] };
      mounts: { source?: string }[];
    };
    spec.ociVersion = '1.0.2'; // what Debian's crun knows
    spec.root.path = 'rootfs';
    spec.process.args = ['true'];
    spec.linux.cgroupsPath = `${berth.cgroupParent}-crun/one`;
    // libseccomp makes rules for socketcall out of those for socket, and takes no others beside them.
    spec.linux.seccomp.syscalls = spec.linux.seccomp.syscalls.filter(({ names }) => !names.includes('socketcall'));
    for (const namespace of spec.linux.namespaces) delete namespace.path;
    for (const mount of spec.mounts) {
      if (mount.source?.startsWith(source)) {
        await must(['cp', mount.source, join(directory, 'bundle')]);
        mount.source = join(directory, 'bundle', mount.source.split('/').pop() ?? '');
      }
    }
    await must([...berth.client, 'rm', '-f', id]);
    await writeFile(join(directory, 'bundle/config.json'), JSON.stringify(spec));
  };
  return async () => {
    await (ready ??= prepare());
    return timeOf(['crun', '--root', join(directory, 'crun'), 'run', '--bundle', join(directory, 'bundle'), `bench${++serial}`]);
  };
}
