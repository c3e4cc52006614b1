import { listChanges } from '../../engine/changes.ts';
import { commit } from '../../engine/commit.ts';
import { exportRoot } from '../../engine/export.ts';
import { getArchive, putArchive, statPath, type PathStat } from '../../engine/archive.ts';
import { invalid } from '../../model/errors.ts';
import { sendArchive } from '../download.ts';
import { readJson, type Call } from '../request.ts';
import type { Route } from '../server.ts';
import { parseConfig } from '../wire/create.ts';
import { goFileMode, goTime } from '../wire/file-mode.ts';

const path = '/containers/:id/archive';

function asked(call: Call): string {
  const value = call.query.text('path');
  if (!value) throw invalid('bad parameter: path cannot be empty');
  return value;
}

/** Base64 of JSON, in a header of its own: the body is the archive. */
function statHeader(stat: PathStat): Record<string, string> {
  const json = JSON.stringify({
    name: stat.name, size: stat.size, mode: goFileMode(stat.mode), mtime: goTime(stat.mtime), linkTarget: stat.linkTarget,
  });
  return { 'X-Docker-Container-Path-Stat': Buffer.from(json).toString('base64') };
}

export const archiveRoutes: readonly Route[] = [
  {
    method: 'HEAD',
    path,
    handler: async (call) => {
      const stat = await statPath(call.engine.context, call.engine.find(call.params.id ?? ''), asked(call));
      return { status: 200, headers: statHeader(stat) };
    },
  },
  {
    method: 'GET',
    path,
    handler: async (call) => {
      const { context } = call.engine;
      const { stat, archive } = await getArchive(context, call.engine.find(call.params.id ?? ''), asked(call));
      await sendArchive(call, archive, statHeader(stat));
    },
  },
  {
    method: 'PUT',
    path,
    handler: async (call) => {
      const record = call.engine.find(call.params.id ?? '');
      await putArchive(call.engine.context, record, asked(call), call.request, {
        keepKind: call.query.flag('noOverwriteDirNonDir'),
        ownToUser: call.query.flag('copyUIDGID'),
        signal: call.gone,
      });
      return { status: 200 };
    },
  },
  {
    method: 'GET',
    path: '/containers/:id/export',
    handler: async (call) => {
      const archive = await exportRoot(call.engine.context, call.engine.find(call.params.id ?? ''));
      await sendArchive(call, archive);
    },
  },
  {
    method: 'GET',
    path: '/containers/:id/changes',
    handler: async (call) => {
      const changes = await listChanges(call.engine.context, call.engine.find(call.params.id ?? ''));
      const body = changes.map(({ path: changed, kind }) => ({ Path: changed, Kind: kind }));
      return { status: 200, body: body.length > 0 ? body : null };
    },
  },
  {
    method: 'POST',
    path: '/commit',
    handler: async (call) => {
      const body = await readJson(call);
      const record = call.engine.find(call.query.text('container') ?? '');
      const repository = call.query.text('repo');
      const tag = call.query.text('tag');
      const id = await commit(call.engine.context, record, {
        ...(repository ? { repository } : {}),
        ...(tag ? { tag } : {}),
        comment: call.query.text('comment') ?? '',
        author: call.query.text('author') ?? '',
        pause: call.query.flag('pause', true),
        changes: call.query.texts('changes').flatMap((lines) => lines.split('\n')).filter((line) => line.trim() !== ''),
        ...(body === undefined || body === null ? {} : { config: parseConfig(body) }),
      });
      return { status: 201, body: { Id: id } };
    },
  },
];
