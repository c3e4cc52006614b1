import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startHelper, type Helper, type Launched } from '../../../src/host/helper.ts';
import type { OciSpec } from '../../../src/model/oci.ts';
import { killGroup, oomKillFile, removeOps, removeParentOps } from '../../../src/runtime/cgroups.ts';
import { detectHost, type HostFacts } from '../../../src/runtime/host-facts.ts';
import { planCreate, planExec } from '../../../src/runtime/launch-plan.ts';
import { connectKeeper, type ExitRecord, type Keeper } from '../../../src/runtime/launch.ts';
import { linesOf } from '../../unit/runtime/log-bytes.ts';
import type { Placement } from '../../../src/runtime/placement.ts';
import { buildExecProcess, buildSpec, type ProcessRequest, type SpecRequest } from '../../../src/runtime/spec/build.ts';
import { validate } from '../../../src/runtime/validate.ts';
import { validateResources } from '../../../src/runtime/validate-resources.ts';

const root = resolve(import.meta.dirname, '../../..');

export type Wish = Partial<Omit<SpecRequest, 'process' | 'namespaces' | 'root'>> & {
  readonly readonlyRoot?: boolean;
  readonly args: readonly string[];
  readonly process?: Partial<ProcessRequest>;
  readonly namespaces?: Partial<SpecRequest['namespaces']>;
  readonly startTimes?: Placement['startTimes'];
};

export interface Outcome extends Pick<ExitRecord, 'exitCode' | 'oomKilled'> {
  readonly stdout: string;
  readonly warnings: readonly string[];
}

export interface Running {
  readonly id: string;
  readonly launched: Launched;
  readonly keeper: Keeper;
  readonly spec: OciSpec;
  /** Waits for its end. */
  end(): Promise<Outcome>;
}

/** A process list entry: what every test may leave out. */
const process_ = (wish: { args: readonly string[]; process?: Partial<ProcessRequest> }): ProcessRequest => ({
  env: ['PATH=/bin'], cwd: '/', user: { uid: 0, gid: 0, additionalGids: [] }, tty: false, noNewPrivileges: false, rlimits: [],
  ...wish.process,
  args: wish.args,
});

/**
 * The runtime alone, without an engine: containers of busybox and the payload on an overlay, in a cgroup parent of
 * their own, with no network but loopback.
 */
export class Bench {
  readonly directory: string;
  readonly helper: Helper;
  readonly host: HostFacts;
  #count = 0;
  readonly #ids: string[] = [];

  private constructor(directory: string, helper: Helper, host: HostFacts) {
    this.directory = directory;
    this.helper = helper;
    this.host = host;
  }

  /** `unifiedOnly`: as on a v2 host, with the cgroup2 tree of a hybrid one, which has no controllers to limit with. */
  static async open(unifiedOnly = false): Promise<Bench> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-r-'));
    const helper = await startHelper({ path: process.env['BERTH_HELPER'] ?? join(root, 'dist/berth-helper'), lock: join(directory, 'lock') });
    const layer = join(directory, 'layers/one');
    await mkdir(join(layer, 'bin'), { recursive: true });
    await mkdir(join(layer, 'etc'));
    await mkdir(join(layer, 'private'), { mode: 0o700 });
    await copyFile('/bin/busybox', join(layer, 'bin/busybox'));
    for (const applet of ['sh', 'sleep', 'cat', 'ls', 'mount', 'touch', 'ps', 'hostname', 'dd']) {
      await symlink('busybox', join(layer, 'bin', applet));
    }
    await writeFile(join(layer, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
    execFileSync('cc', [
      '-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-static', '-o', join(layer, 'bin/payload'), join(root, 'test/fixtures/payload.c'),
    ]);
    const host = await detectHost(`/berth-test-${process.pid}`);
    const cgroups = unifiedOnly ? { ...host.cgroups, kind: 'v2' as const, hierarchies: [], files: new Set<string>() } : host.cgroups;
    return new Bench(directory, helper, { ...host, cgroups });
  }

  async close(): Promise<void> {
    for (const id of [...this.#ids]) await this.#clean(id);
    await this.helper.apply(removeParentOps(this.host.cgroups));
    await this.helper.close();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }

  request(id: string, wish: Wish): SpecRequest {
    const { process: _process, startTimes: _startTimes, args: _args, namespaces, readonlyRoot = false, ...rest } = wish;
    return {
      id, root: { path: join(this.directory, id, 'rootfs'), readonly: readonlyRoot }, hostname: id, mounts: [], resources: {}, privileged: false,
      capAdd: [], capDrop: [], seccomp: 'default', sysctls: {}, devices: [], cgroupsPath: this.group(id),
      ...rest,
      process: process_(wish),
      namespaces: {
        network: { mode: 'private' }, pid: { mode: 'private' }, ipc: { mode: 'private' }, uts: { mode: 'private' }, ...namespaces,
      },
    };
  }

  group(id: string): string {
    return `${this.host.cgroups.parent}/${id}`;
  }

  path(id: string, name: string): string {
    return join(this.directory, id, name);
  }

  #placement(id: string): Placement {
    return {
      id,
      keeper: {
        socket: this.path(id, 'sock'), log: this.path(id, 'log'), logMaxSize: 0, logMaxFiles: 1, exitFile: this.path(id, 'exit'),
        openStdin: false, stdinOnce: false,
      },
      cgroups: this.host.cgroups,
      overlay: {
        cwd: join(this.directory, 'layers'), lower: ['one'], upper: this.path(id, 'upper'), work: this.path(id, 'work'),
      },
    };
  }

  async start(wish: Wish): Promise<Running> {
    const id = `c${this.#count++}`;
    for (const part of ['rootfs', 'upper', 'work']) await mkdir(this.path(id, part), { recursive: true, mode: 0o755 });
    const request = this.request(id, wish);
    validateResources(request.resources, this.host);
    const spec = buildSpec(request, this.host);
    validate(spec, this.host);
    this.#ids.push(id);
    const launched = await this.helper.launch(planCreate(spec, {
      ...this.#placement(id), ...(wish.startTimes && { startTimes: wish.startTimes }),
    }));
    return { id, launched, spec, ...(await this.#go(id, launched)) };
  }

  async exec(running: Running, wish: { args: readonly string[]; process?: Partial<ProcessRequest> }, privileged = false): Promise<Outcome> {
    const id = `e${this.#count++}`;
    await mkdir(join(this.directory, id));
    const launched = await this.helper.launch(planExec(
      running.spec, buildExecProcess(running.spec, process_(wish), this.host, privileged),
      { ...this.#placement(id), pid: running.launched.pid, startTime: running.launched.startTime },
    ));
    return (await this.#go(id, launched)).end();
  }

  async #go(id: string, launched: Launched): Promise<{ keeper: Keeper; end: () => Promise<Outcome> }> {
    const keeper = await connectKeeper(this.path(id, 'sock'));
    if (!keeper) throw new Error(`${id}: no keeper`);
    await keeper.start();
    const end = async (): Promise<Outcome> => {
      const record = await keeper.exit;
      keeper.close();
      const text = (await linesOf(this.path(id, 'log'), 'local')).map((line) => line.replace(/^!/, '')).join('');
      return {
        exitCode: record?.exitCode ?? -1, oomKilled: record?.oomKilled ?? false, warnings: launched.warnings,
        stdout: Buffer.from(text, 'latin1').toString(),
      };
    };
    return { keeper, end };
  }

  async run(wish: Wish): Promise<Outcome> {
    const running = await this.start(wish);
    const outcome = await running.end();
    await this.#clean(running.id);
    return outcome;
  }

  async stop(running: Running): Promise<void> {
    await this.#clean(running.id);
    await running.end();
  }

  async #clean(id: string): Promise<void> {
    if (!this.#ids.includes(id)) return;
    this.#ids.splice(this.#ids.indexOf(id), 1);
    await killGroup(this.host.cgroups, this.group(id), (pid) => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // gone already
      }
    });
    for (let tries = 0; ; tries++) {
      try {
        await this.helper.apply(removeOps(this.host.cgroups, this.group(id)));
        return;
      } catch (error) {
        if (tries === 50) throw error;
        await new Promise((done) => setTimeout(done, 10));
      }
    }
  }

  oomFile(id: string): string {
    return oomKillFile(this.host.cgroups, this.group(id));
  }
}

/** The payload's report. */
export interface Report {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly hostname: string;
  readonly cwd: string;
  readonly umask: number;
  readonly pid: number;
  readonly limits: readonly (readonly [number, number])[];
  readonly status: readonly string[];
  readonly mounts: readonly string[];
  readonly cgroup: readonly string[];
  readonly oom: readonly string[];
  readonly ports: readonly string[];
  readonly ping: readonly string[];
  readonly interfaces: readonly string[];
  readonly fds: readonly number[];
  readonly dev: Readonly<Record<string, string>>;
}

export const reportOf = (outcome: Outcome): Report => JSON.parse(outcome.stdout) as Report;
export const statusOf = (report: Report, key: string): string =>
  report.status.find((line) => line.startsWith(`${key}:`))?.slice(key.length + 1).trim() ?? '';

/** The mount that is on top at a path: its options, type and the file system's own options. */
export function mountAt(report: Report, target: string): { options: string[]; type: string; super: string[]; root: string } | undefined {
  const line = report.mounts.findLast((text) => text.split(' ')[4] === target);
  if (line === undefined) return undefined;
  const [left = '', right = ''] = line.split(' - ');
  const [type = '', , options = ''] = right.split(' ');
  return { options: left.split(' ')[5]?.split(',') ?? [], root: left.split(' ')[3] ?? '', type, super: options.split(',') };
}
