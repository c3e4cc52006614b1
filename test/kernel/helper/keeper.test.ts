import { appendFileSync, existsSync, readFileSync, readdirSync, readlinkSync, statSync, truncateSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHelper } from '../../../src/host/helper.ts';
import { keeperFlags } from '../../../src/model/plan.ts';
import { attachKeeper, connectKeeper, followKeeper } from '../../../src/runtime/launch.ts';
import { linesOf } from '../../unit/runtime/log-bytes.ts';
import { Bench, collect, demultiplex, helperPath, shell, until } from './small-plan.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

async function logOf(name: string, format: 'json' | 'local' = 'local'): Promise<string> {
  return (await linesOf(bench.path(`${name}.log`), format)).join('');
}

async function attachTo(name: string, streams = { stdin: true, stdout: true, stderr: true }) {
  const attached = await attachKeeper(bench.path(`${name}.sock`), streams);
  if (!attached) throw new Error('no keeper');
  return attached;
}

async function control(name: string) {
  const keeper = await connectKeeper(bench.path(`${name}.sock`));
  if (!keeper) throw new Error('no keeper');
  return keeper;
}

test('the exit code and the killing signal are recorded on disk before anyone is told', async () => {
  expect(await bench.run('code', { args: shell('exit 7') })).toMatchObject({ exitCode: 7, signal: 0 });
  expect(await bench.exitOf('code')).toMatchObject({ exitCode: 7 });
  await bench.helper.launch(bench.plan('killed', { args: shell('sleep 100') }));
  const keeper = await control('killed');
  await keeper.start();
  await keeper.signal(9);
  expect(await keeper.exit).toMatchObject({ exitCode: 137, signal: 9 });
});

test('a command that is not there is 127, one that cannot be executed 126, and both say so', async () => {
  expect(await bench.run('absent', { args: ['nothing-here'] })).toMatchObject({ exitCode: 127, error: 'exec nothing-here: No such file or directory' });
  expect(await bench.run('directory', { args: ['/dev'] })).toMatchObject({ exitCode: 126, error: 'exec /dev: Permission denied' });
});

test('an attached client gets the first and the last byte, stdout and stderr apart, and half-closes stdin', async () => {
  await bench.helper.launch(bench.plan('attach', { args: shell('cat; echo end >&2') }));
  const { stream } = await attachTo('attach');
  const keeper = await control('attach');
  await keeper.start();
  stream.end('through stdin\n');
  expect(demultiplex(await collect(stream))).toEqual({ stdout: 'through stdin\n', stderr: 'end\n' });
  expect(await keeper.exit).toMatchObject({ exitCode: 0 });
});

test('ten megabytes reach a client and the log byte for byte', async () => {
  await bench.helper.launch(bench.plan('bulk', { args: shell('yes 0123456789abcde | head -c 10000000') }));
  const { stream } = await attachTo('bulk');
  await (await control('bulk')).start();
  const got = demultiplex(await collect(stream)).stdout;
  const expected = '0123456789abcde\n'.repeat(625_000);
  expect(got === expected).toBe(true);
  expect((await logOf('bulk')) === expected).toBe(true);
});

test('the log is bounded: full files are renamed aside and the oldest falls off', async () => {
  await bench.run('bounded', { args: shell('yes 0123456789abcde | head -c 2000000'), logMaxSize: 200_000, logMaxFiles: 3 });
  const files = readdirSync(bench.directory).filter((file) => file.startsWith('bounded.log'));
  expect(files.toSorted()).toEqual(['bounded.log', 'bounded.log.1', 'bounded.log.2']);
  for (const file of files) expect(statSync(bench.path(file)).size).toBeLessThanOrEqual(200_000);
  const text = await logOf('bounded');
  expect('0123456789abcde\n'.repeat(625_000).endsWith(text.slice(text.indexOf('\n') + 1))).toBe(true);
  expect(text.length).toBeGreaterThan(250_000);
});

test('a client that does not read delays neither a signal nor another client', async () => {
  await bench.helper.launch(bench.plan('slow', { args: shell('yes | head -c 50000000; sleep 100') }));
  const slow = await attachTo('slow');
  const keeper = await control('slow');
  await keeper.start();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = performance.now();
  await keeper.signal(9);
  expect(await keeper.exit).toMatchObject({ exitCode: 137 });
  expect(performance.now() - before).toBeLessThan(2000);
  slow.stream.destroy();
});

test('a child that keeps stdout does not hold back the exit of an exec-like launch', async () => {
  const plan = bench.plan('stray', { args: shell('sleep 3 & echo said') });
  // Without a pid namespace of its own the child survives, as one of an exec does.
  const keeperOps = plan.keeper.map((op) => (op.op === 'clone' ? { ...op, flags: 0x20000 } : op));
  await bench.helper.launch({ keeper: keeperOps, init: plan.init });
  const { stream } = await attachTo('stray');
  const keeper = await control('stray');
  const before = performance.now();
  await keeper.start();
  expect(await keeper.exit).toMatchObject({ exitCode: 0 });
  expect(demultiplex(await collect(stream)).stdout).toBe('said\n');
  expect(performance.now() - before).toBeLessThan(2000);
});

test('with a terminal the stream is raw, the window has its size, and it can be changed', async () => {
  await bench.helper.launch(bench.plan('tty', { args: shell('stty size; read x; stty size; tty'), flags: keeperFlags.tty | keeperFlags.openStdin }));
  const { stream, tty } = await attachTo('tty');
  expect(tty).toBe(true);
  const keeper = await control('tty');
  await keeper.start();
  const got = collect(stream);
  await until(async () => (await logOf('tty')).includes('24 80'));
  keeper.resize(50, 132);
  stream.write('\n');
  await keeper.exit;
  expect((await got).toString().replaceAll('\r', '')).toBe('24 80\n\n50 132\n/dev/pts/0\n');
});

test('a follower hears when the log has grown, and when the container has ended', async () => {
  await bench.helper.launch(bench.plan('follow', { args: shell('echo one; read x; echo two') }));
  const keeper = await control('follow');
  const { stream: input } = await attachTo('follow', { stdin: true, stdout: false, stderr: false });
  await keeper.start();
  await until(async () => (await logOf('follow')).includes('one'));
  const followed = await followKeeper(bench.path('follow.sock'));
  expect(followed?.position).toEqual({ inode: statSync(bench.path('follow.log')).ino, offset: 24 });
  input.end('\n');
  expect((await collect(followed?.stream as AsyncIterable<Buffer>)).toString()).toBe('+');
  expect(await logOf('follow')).toBe('one\ntwo\n');
});

const json = { flags: keeperFlags.openStdin | keeperFlags.stdinOnce | keeperFlags.jsonLog };

test("the json log is Docker's: a line of JSON for each line of output, in pieces of 16 KiB", async () => {
  await bench.run('json', { ...json, args: shell('echo "a \\"b\\" \\\\ é"; echo e >&2; yes x | tr -d "\\n" | head -c 20000; echo') });
  const records = readFileSync(bench.path('json.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { log: string; stream: string; time: string });
  expect(records.map(({ log, stream }) => [log, stream])).toEqual(expect.arrayContaining([
    ['a "b" \\ é\n', 'stdout'], ['e\n', 'stderr'], ['x'.repeat(16_384), 'stdout'], [`${'x'.repeat(3616)}\n`, 'stdout'],
  ]));
  for (const { time } of records) expect(Date.now() - Date.parse(time)).toBeLessThan(60_000);
});

test('any bytes come back from the json log as they were, and others can read it', async () => {
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 7919 + (n >> 8) * 31) & 0xff));
  await writeFile(bench.path('bytes'), bytes);
  await bench.helper.launch(bench.plan('bytes-log', { ...json, args: shell('cat') }));
  const { stream } = await attachTo('bytes-log');
  const keeper = await control('bytes-log');
  await keeper.start();
  stream.end(bytes);
  stream.resume();
  await keeper.exit;
  expect(Buffer.from(await logOf('bytes-log', 'json'), 'latin1').equals(bytes)).toBe(true);
  for (const line of readFileSync(bench.path('bytes-log.log'), 'utf8').trim().split('\n')) JSON.parse(line);
});

test('a line of a megabyte, and a character that two reads cut, come back whole', async () => {
  await bench.run('long', { ...json, args: shell('yes é | head -n 400000 | tr -d "\\n"; echo; printf "\\303"; sleep 0.2; printf "\\251\\n"') });
  const text = Buffer.from(await logOf('long', 'json'), 'latin1').toString();
  expect(text === `${'é'.repeat(400_000)}\né\n`).toBe(true);
  const pieces = readFileSync(bench.path('long.log'), 'utf8').trim().split('\n').slice(0, -2).map((line) => (JSON.parse(line) as { log: string }).log);
  expect(pieces.join('')).not.toMatch(/[\udc80-\udcff]/);
});

test('the beginning of a line is in the log soon, though its end has not come', async () => {
  await bench.helper.launch(bench.plan('prompt', { ...json, args: shell('printf "name: "; read x; echo $x') }));
  const keeper = await control('prompt');
  const { stream } = await attachTo('prompt');
  await keeper.start();
  await until(async () => (await logOf('prompt', 'json')) === 'name: ');
  stream.end('me\n');
  stream.resume();
  await keeper.exit;
  expect(await logOf('prompt', 'json')).toBe('name: me\n');
});

test.each(['json', 'local'] as const)('a torn end of the %s log is cut off before more is written', async (format) => {
  const flags = format === 'json' ? json.flags : keeperFlags.openStdin;
  await bench.run(`torn-${format}`, { flags, args: shell('echo one; sleep 0.1; echo two') });
  truncateSync(bench.path(`torn-${format}.log`), statSync(bench.path(`torn-${format}.log`)).size - 3);
  await bench.run(`torn-${format}`, { flags, args: shell('echo three') });
  expect(await logOf(`torn-${format}`, format)).toBe('one\nthree\n');
});

test('the json log is bounded, to the byte', async () => {
  await bench.run('bounded-json', { ...json, args: shell('yes 0123456789abcde | head -c 500000'), logMaxSize: 100_000, logMaxFiles: 3 });
  const files = readdirSync(bench.directory).filter((file) => file.startsWith('bounded-json.log'));
  expect(files.toSorted()).toEqual(['bounded-json.log', 'bounded-json.log.1', 'bounded-json.log.2']);
  for (const file of files) expect(statSync(bench.path(file)).size).toBeLessThanOrEqual(100_000);
  expect('0123456789abcde\n'.repeat(31_250).endsWith(await logOf('bounded-json', 'json'))).toBe(true);
});

test('one attached client that does not read holds up no other', async () => {
  await bench.helper.launch(bench.plan('pair', { args: shell('yes | head -c 30000000') }));
  const slow = await attachTo('pair');
  const quick = await attachTo('pair');
  await (await control('pair')).start();
  expect(demultiplex(await collect(quick.stream)).stdout.length).toBe(30_000_000);
  slow.stream.destroy();
});

test('a keeper whose launch failed leaves no socket and no process', async () => {
  const plan = bench.plan('broken', { args: shell('true'), extra: [{ op: 'sysctl', name: 'no/such/thing', value: '1' }] });
  await expect(bench.helper.launch(plan)).rejects.toMatchObject({ code: 'ENOENT', message: 'sysctl no/such/thing: No such file or directory' });
  expect(existsSync(bench.path('broken.sock'))).toBe(false);
});

test('an optional operation that fails is a warning of the launch', async () => {
  const plan = bench.plan('warned', { args: shell('true'), extra: [{ op: 'sysctl', name: 'no/such/thing', value: '1', optional: true }] });
  const { warnings, pid } = await bench.helper.launch(plan);
  expect(warnings).toEqual(['sysctl no/such/thing: No such file or directory']);
  process.kill(pid, 'SIGKILL');
});

test('a host port that is held is taken for everyone else, and free again after the end', async () => {
  const hold = { op: 'hold_port', family: 2, protocol: 6, address: new Uint8Array([127, 0, 0, 1]), port: 18_431 } as const;
  await bench.helper.launch(bench.plan('port', { args: shell('sleep 100'), keeperOps: [hold] }));
  await expect(bench.helper.launch(bench.plan('port2', { args: shell('true'), keeperOps: [hold] }))).rejects.toMatchObject({
    code: 'EADDRINUSE', message: 'hold port 18431/tcp: Address already in use',
  });
  const keeper = await control('port');
  await keeper.start();
  await keeper.signal(9);
  await keeper.exit;
  await until(async () => {
    const again = await bench.helper.launch(bench.plan('port3', { args: shell('true'), keeperOps: [hold] })).catch(() => undefined);
    if (again) process.kill(again.pid, 'SIGKILL');
    return again;
  });
});

test('files of a root are read inside it, however their links point', async () => {
  const pid = process.pid;
  const [release, absent, directory] = await bench.helper.readFiles({ path: `/proc/${pid}/root` }, ['/etc/os-release', '/no', '/etc'], 1 << 20);
  expect(release?.toString()).toBe(readFileSync('/etc/os-release', 'utf8'));
  expect(absent).toBeUndefined();
  expect(directory).toBeUndefined();
  await expect(bench.helper.readFiles({ path: '/' }, ['/bin/busybox'], 1000)).rejects.toMatchObject({ code: 'EFBIG' });
});

test('containers outlive the helper, and the next launch starts another', async () => {
  const other = await startHelper({ path: helperPath, lock: bench.path('lock2') });
  await other.launch(bench.plan('outlives', { args: shell('read x; echo got $x') }));
  const keeper = await control('outlives');
  await keeper.start();
  await other.close();
  const { stream } = await attachTo('outlives');
  stream.end('it\n');
  expect(demultiplex(await collect(stream)).stdout).toBe('got it\n');
  expect(await keeper.exit).toMatchObject({ exitCode: 0 });
});

test('a second engine on the same lock is told who has it', async () => {
  await expect(startHelper({ path: helperPath, lock: bench.path('lock') })).rejects.toThrow(
    new RegExp(`another berth daemon \\(pid ${process.pid}\\) already uses`),
  );
});

test('the helper runs from a sealed copy in memory', async () => {
  const { pid } = await bench.helper.launch(bench.plan('sealed', { args: shell('sleep 100') }));
  // Init before its exec is still our own code.
  expect(readlinkSync(`/proc/${pid}/exe`)).toBe('/memfd:berth-helper (deleted)');
  expect(() => appendFileSync(`/proc/${pid}/exe`, 'x')).toThrow(/ETXTBSY|EPERM/);
  process.kill(pid, 'SIGKILL');
});
