import { join } from 'node:path';
import { list, readText } from '../../host/files.ts';
import type { TlsIdentity } from '../../host/web.ts';
import { codeOf, invalid } from '../../model/errors.ts';

/**
 * What `certs.d/HOST[:PORT]/` holds: `*.crt` are authorities, `NAME.cert` with `NAME.key` shows who we are. Read at
 * each pull, so that a new certificate needs no restart.
 */
export async function certificatesFor(host: string, folders: readonly string[]): Promise<TlsIdentity> {
  const authorities: string[] = [];
  const clients: { certificate: string; key: string }[] = [];
  // The host becomes a folder's name; references allow no slash in it.
  if (!/^[\w.:[\]-]+$/.test(host) || /^\.+$/.test(host)) return { authorities, clients };
  for (const folder of folders) {
    const directory = join(folder, host);
    const names = (await list(directory).catch((error: unknown) => {
      if (codeOf(error) === 'ENOTDIR') return [];
      throw invalid(`read certificates of ${host} in ${directory}: ${codeOf(error)}`, error);
    })).toSorted();
    for (const name of names) {
      if (name.endsWith('.crt')) authorities.push(await readText(join(directory, name)));
      if (name.endsWith('.key') && !names.includes(name.replace(/key$/, 'cert'))) {
        throw invalid(`missing client certificate ${name.replace(/key$/, 'cert')} for key ${name} in ${directory}`);
      }
      if (!name.endsWith('.cert')) continue;
      const key = name.replace(/cert$/, 'key');
      if (!names.includes(key)) {
        throw invalid(
          `missing key ${key} for client certificate ${name} in ${directory}; CA certificates must use the extension .crt`,
        );
      }
      clients.push({ certificate: await readText(join(directory, name)), key: await readText(join(directory, key)) });
    }
  }
  return { authorities, clients };
}
