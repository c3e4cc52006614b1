import { invalid } from '../model/errors.ts';

/** Who a process runs as. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, the primary gid first. */
  readonly groups: readonly number[];
  /** The home directory of the passwd entry; `/` without one. */
  readonly home: string;
}

export interface UserFiles {
  /** Text of /etc/passwd and /etc/group in the root file system; '' where there is none. */
  readonly passwd: string;
  readonly group: string;
}

const largestId = 2 ** 31 - 1;

interface PasswdLine {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupLine {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function passwdLines(text: string): PasswdLine[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(':');
    const uid = idOf(fields[2]);
    if (!fields[0] || fields[0].startsWith('#') || uid === undefined) return [];
    return [{ name: fields[0], uid, gid: idOf(fields[3]) ?? 0, home: fields[5] ?? '' }];
  });
}

function groupLines(text: string): GroupLine[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(':');
    const gid = idOf(fields[2]);
    if (!fields[0] || fields[0].startsWith('#') || gid === undefined) return [];
    return [{ name: fields[0], gid, members: (fields[3] ?? '').split(',').filter(Boolean) }];
  });
}

function checkRange(id: number, what: string): number {
  if (id > largestId) throw invalid(`${what}: uids and gids must be in range 0-${largestId}`);
  return id;
}

/**
 * USER of an image or `--user`: `name`, `uid`, `name:group`, `uid:gid` and mixtures. Names are looked up in the
 * root's files, and a number that isn't in them stands for itself. A bare user brings the groups that list it;
 * a user with a group only that group. A number out of range or a name that isn't there is refused (CVE-2024-40635).
 */
export function resolveUser(spec: string, files: UserFiles, extraGroups: readonly string[] = []): ResolvedUser {
  const colon = spec.indexOf(':');
  const userPart = (colon < 0 ? spec : spec.slice(0, colon)).trim();
  const groupPart = colon < 0 ? '' : spec.slice(colon + 1).trim();
  const users = passwdLines(files.passwd);
  const groups = groupLines(files.group);

  const wanted = userPart === '' ? '0' : userPart;
  const wantedNumber = idOf(wanted);
  const entry = users.find((line) => line.name === wanted) ?? users.find((line) => line.uid === wantedNumber);
  if (!entry && wantedNumber === undefined) {
    throw invalid(
      /^-?\d+$/.test(wanted)
        ? `user ${wanted}: uids and gids must be in range 0-${largestId}`
        : `unable to find user ${wanted}: no matching entries in passwd file`,
    );
  }
  const uid = checkRange(entry?.uid ?? wantedNumber ?? 0, `user ${wanted}`);

  const gid = groupPart === '' ? (entry?.gid ?? 0) : groupId(groupPart, groups);
  const supplementary =
    groupPart === '' && entry ? groups.filter((line) => line.members.includes(entry.name)).map((line) => line.gid) : [];
  const added = extraGroups.map((name) => groupId(name, groups));
  const all = [checkRange(gid, `group ${groupPart || gid}`), ...supplementary, ...added];
  return { uid, gid, groups: [...new Set(all.map((id) => checkRange(id, `group ${id}`)))], home: entry?.home || '/' };
}

function groupId(name: string, groups: readonly GroupLine[]): number {
  const number = idOf(name);
  const entry = groups.find((line) => line.name === name) ?? groups.find((line) => line.gid === number);
  if (entry) return entry.gid;
  if (number === undefined) throw invalid(`unable to find group ${name}: no matching entries in group file`);
  return checkRange(number, `group ${name}`);
}
