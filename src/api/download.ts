import { pipeline } from 'node:stream/promises';
import type { Archiver } from '../engine/archive.ts';
import { messageOf } from '../model/errors.ts';
import type { Call } from './request.ts';
import { serverHeaders } from './version.ts';

/**
 * Sends what the helper writes, as fast as the client reads. The helper ends with the client; an answer that fails in
 * the middle is cut off, so that nobody takes half an archive for a whole one.
 */
export async function sendArchive(call: Call, archive: Archiver, headers: Record<string, string> = {}): Promise<void> {
  const { response, gone, engine } = call;
  gone.addEventListener('abort', () => archive.abort(), { once: true });
  if (!response || gone.aborted) return archive.abort();
  response.writeHead(200, { ...serverHeaders, 'Content-Type': 'application/x-tar', ...headers });
  try {
    await pipeline(archive.output, response, { end: false });
    await archive.finish();
    response.end();
  } catch (error) {
    archive.abort();
    if (!gone.aborted) engine.context.options.log(`archive: ${messageOf(error)}`);
    response.destroy();
  }
}
