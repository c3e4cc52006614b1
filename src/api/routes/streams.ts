import { once } from 'node:events';
import { parseMoment } from '../../engine/clock.ts';
import { tell } from '../../engine/context.ts';
import type { LogOptions } from '../../engine/logs.ts';
import { logsUpTo } from '../../engine/logs.ts';
import { invalid } from '../../model/errors.ts';
import { parseDetachKeys } from '../detach-keys.ts';
import { stream, takeOver } from '../hijack.ts';
import type { Call } from '../request.ts';
import type { Route } from '../server.ts';
import { serverHeaders, streamType } from '../version.ts';
import { parseCondition } from '../../engine/wait.ts';
import { attachWebSocket } from '../websocket.ts';

const id = (call: Call): string => call.params.id ?? '';

function moment(call: Call, name: 'since' | 'until'): bigint | undefined {
  const text = call.query.text(name);
  if (!text || text === '0') return undefined;
  const parsed = parseMoment(text);
  if (parsed === undefined)
    throw invalid(
      `invalid value for "${name}": ${text.slice(0, 60)}: seconds since 1970 or an RFC 3339 time is expected`,
    );
  return parsed;
}

function tail(call: Call): number | undefined {
  const text = call.query.text('tail');
  if (!text || text === 'all') return undefined;
  // Docker takes what is no number for "all".
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

async function attachHandler(call: Call): Promise<void> {
  const record = call.engine.find(id(call));
  const keys = parseDetachKeys(call.query.text('detachKeys'));
  const streams = {
    stdin: call.query.flag('stdin'),
    stdout: call.query.flag('stdout'),
    stderr: call.query.flag('stderr'),
  };
  const wantsStream = call.query.flag('stream');
  const wantsLogs = call.query.flag('logs');
  const { Tty: tty, OpenStdin: openStdin } = record.config;
  const logOptions = { stdout: streams.stdout, stderr: streams.stderr, follow: false, timestamps: false };
  if (!wantsStream) {
    const { output } = takeOver(call, tty);
    const wanted = wantsLogs && (streams.stdout || streams.stderr);
    for await (const chunk of wanted ? call.engine.logs(record.id, logOptions, call.gone) : []) {
      if (output.write(chunk)) continue;
      await Promise.race([once(output, 'drain'), once(output, 'close')]);
    }
    output.end();
    return;
  }
  const attachment = call.engine.attach(record.id, streams);
  await stream(takeOver(call, tty), attachment, {
    tty,
    stdin: streams.stdin && openStdin,
    detachKeys: keys,
    detached: () => tell(call.engine.context, record, 'detach'),
    ...(wantsLogs ? { before: (position) => logsUpTo(call.engine.context, record, logOptions, position) } : {}),
  });
}

async function logsHandler(call: Call): Promise<void> {
  const record = call.engine.find(id(call));
  const since = moment(call, 'since');
  const until = moment(call, 'until');
  const lines = tail(call);
  const options: LogOptions = {
    stdout: call.query.flag('stdout'),
    stderr: call.query.flag('stderr'),
    follow: call.query.flag('follow'),
    timestamps: call.query.flag('timestamps'),
    details: call.query.flag('details'),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(lines === undefined ? {} : { tail: lines }),
  };
  const { response } = call;
  const chunks = call.engine.logs(record.id, options, call.gone);
  response?.writeHead(200, {
    ...serverHeaders,
    'Content-Type': streamType(call.version, record.config.Tty),
  });
  response?.flushHeaders();
  const write = async (chunk: Buffer): Promise<void> => {
    if (!response || response.write(chunk)) return;
    await new Promise<void>((resolve) => {
      response.once('drain', resolve);
      call.gone.addEventListener('abort', () => resolve(), { once: true });
    });
  };
  for await (const chunk of chunks) {
    if (call.gone.aborted) break;
    await write(chunk);
  }
  response?.end();
}

async function waitHandler(call: Call): Promise<void> {
  const { result } = call.engine.wait(id(call), parseCondition(call.query.text('condition')), call.gone);
  const { response } = call;
  // Registered: the client may now start the container. Its headers don't wait for the end.
  response?.writeHead(200, { ...serverHeaders, 'Content-Type': 'application/json' });
  response?.flushHeaders();
  const { exitCode, error } = await result;
  response?.end(`${JSON.stringify({ StatusCode: exitCode, ...(error ? { Error: { Message: error } } : {}) })}\n`);
}

export const streamRoutes: readonly Route[] = [
  { method: 'POST', path: '/containers/:id/attach', handler: attachHandler, hijacks: true },
  { method: 'GET', path: '/containers/:id/attach/ws', handler: attachWebSocket, hijacks: true },
  { method: 'GET', path: '/containers/:id/logs', handler: logsHandler },
  { method: 'POST', path: '/containers/:id/wait', handler: waitHandler },
];
