import { pipeline } from 'node:stream/promises';
import { importImage, loadImages, saveImages } from '../../engine/images.ts';
import { BerthError, messageOf } from '../../model/errors.ts';
import { hostPlatform, parsePlatform } from '../../model/platform.ts';
import { jsonLines } from '../ndjson.ts';
import type { Call } from '../request.ts';
import { serverHeaders } from '../version.ts';

export async function loadHandler(call: Call): Promise<void> {
  const quiet = call.query.flag('quiet');
  const out = jsonLines(call);
  try {
    const loaded = await loadImages(call.engine.context, call.request, (line) => {
      if (!quiet || line.stream) void out.write(line);
    }, call.gone);
    for (const { reference, id } of loaded) {
      await out.write({ stream: reference ? `Loaded image: ${reference}\n` : `Loaded image ID: ${id}\n` });
    }
  } catch (error) {
    await out.write({ errorDetail: { message: messageOf(error) }, error: messageOf(error) });
  }
  out.end();
}

/** POST /images/create?fromSrc= */
export async function importHandler(call: Call, source: string): Promise<void> {
  if (source !== '-') {
    const what = source.slice(0, 200);
    throw new BerthError('not-implemented', `import from ${what} is not there yet: send the archive itself`);
  }
  const { query, engine } = call;
  const [repository, tag, message, platform] = ['repo', 'tag', 'message', 'platform'].map((name) => query.text(name));
  const request = {
    ...(repository ? { repository } : {}),
    ...(tag ? { tag } : {}),
    ...(message ? { message } : {}),
    ...(platform ? { platform: parsePlatform(platform, hostPlatform()) } : {}),
    changes: query.texts('changes'),
  };
  const id = await importImage(engine.context, call.request, request);
  const out = jsonLines(call);
  await out.write({ status: id });
  out.end();
}

/** Errors before the first byte have a status; later ones can only cut the stream. */
export async function saveHandler(call: Call, names: readonly string[]): Promise<void> {
  const { response } = call;
  const chunks = saveImages(call.engine.context, names);
  const first = await chunks.next();
  if (!response) return;
  response.writeHead(200, { ...serverHeaders, 'Content-Type': 'application/x-tar' });
  const all = async function* (): AsyncGenerator<Buffer> {
    if (!first.done) yield first.value;
    yield* chunks;
  };
  await pipeline(all, response).catch(() => response.destroy());
}
