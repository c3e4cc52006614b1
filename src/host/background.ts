import { spawn } from 'node:child_process';
import { readTextIfAny } from './files.ts';

/** A process that outlives the engine. `startTime`: clock ticks since boot; with it a reused pid is no mistake. */
export interface BackgroundProcess {
  readonly pid: number;
  readonly startTime: string;
}

/** Field 22 of /proc/PID/stat, or undefined where there is no such process. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readTextIfAny(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/**
 * Starts a program in a session of its own and waits until it says a first line on its standard output, which means
 * that it serves. Rejects with what it wrote to standard error if it ends before.
 */
export async function startBackground(command: readonly string[]): Promise<BackgroundProcess> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', () => resolve());
    child.once('close', (code) => reject(new Error(complaint.trim() || `${program}: exit code ${code}`)));
  });
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  const pid = child.pid ?? 0;
  const startTime = await startTimeOf(pid);
  if (startTime === undefined) throw new Error(`${program}: ended at once`);
  return { pid, startTime };
}

/** Ends a process of ours, and waits until it is gone; after two seconds it is killed. Gone already is fine. */
export async function endBackground({ pid, startTime }: BackgroundProcess): Promise<void> {
  for (let waited = 0; (await startTimeOf(pid)) === startTime; waited += 20) {
    if (await isZombie(pid)) return;
    if (waited === 0 || waited === 2000) {
      try {
        process.kill(pid, waited === 0 ? 'SIGTERM' : 'SIGKILL');
      } catch {
        return;
      }
    }
    if (waited > 4000) throw new Error(`process ${pid} doesn't end`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readTextIfAny(`/proc/${pid}/stat`);
  return stat === undefined || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}
