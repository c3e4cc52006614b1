import { join } from 'node:path';

/** A socket's path has room for 107 bytes, ids have 64: the first twenty digits name a keeper as surely. */
const keeperSocketOf = (run: string, id: string): string => join(run, 'keepers', `${id.slice(0, 20)}.sock`);

/** Where one container's files are. */
export interface ContainerPaths {
  readonly directory: string;
  readonly rootfs: string;
  /** Of the log driver json-file: the LogPath of inspect. */
  readonly jsonLog: string;
  readonly localLog: string;
  readonly exitFile: string;
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  readonly keeperSocket: string;
}

export function containerPaths(root: string, run: string, id: string): ContainerPaths {
  const directory = join(root, 'containers', id);
  return {
    directory,
    rootfs: join(directory, 'rootfs'),
    jsonLog: join(directory, `${id}-json.log`),
    localLog: join(directory, 'container.log'),
    exitFile: join(directory, 'exit.json'),
    hosts: join(directory, 'hosts'),
    hostname: join(directory, 'hostname'),
    resolvConf: join(directory, 'resolv.conf'),
    keeperSocket: keeperSocketOf(run, id),
  };
}

export interface ExecPaths {
  readonly directory: string;
  readonly exitFile: string;
  readonly keeperSocket: string;
}

export function execPaths(root: string, run: string, container: string, exec: string): ExecPaths {
  const directory = join(root, 'containers', container, 'execs', exec);
  return { directory, exitFile: join(directory, 'exit.json'), keeperSocket: keeperSocketOf(run, exec) };
}
