import { join } from 'node:path';

/** Where one container's files are. */
export interface ContainerPaths {
  readonly directory: string;
  readonly rootfs: string;
  readonly log: string;
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
    log: join(directory, 'log'),
    exitFile: join(directory, 'exit.json'),
    hosts: join(directory, 'hosts'),
    hostname: join(directory, 'hostname'),
    resolvConf: join(directory, 'resolv.conf'),
    keeperSocket: join(run, 'keepers', `${id}.sock`),
  };
}

export interface ExecPaths {
  readonly directory: string;
  readonly exitFile: string;
  readonly keeperSocket: string;
}

export function execPaths(root: string, run: string, container: string, exec: string): ExecPaths {
  const directory = join(root, 'containers', container, 'execs', exec);
  return { directory, exitFile: join(directory, 'exit.json'), keeperSocket: join(run, 'keepers', `${exec}.sock`) };
}
