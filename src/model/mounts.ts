/**
 * One mount of a container, resolved: what Docker lists under `Mounts` in inspect. Storage and engine hand these
 * about; the runtime turns them into kernel operations.
 */
export interface MountPoint {
  readonly type: 'bind' | 'volume' | 'tmpfs';
  /** The volume's name; volumes only. */
  readonly name?: string;
  /** The host's path: a bind's source, a volume's `_data`; '' for a tmpfs. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly destination: string;
  readonly driver?: string;
  /** What the user wrote after the second colon (`ro,z`), for inspect. */
  readonly mode: string;
  readonly readWrite: boolean;
  readonly propagation: string;
  /** A bind without its submounts. */
  readonly nonRecursive?: boolean;
  /** Read-only without its submounts. */
  readonly nonRecursiveReadonly?: boolean;
  /** By `--tmpfs`: Docker tells of it in HostConfig alone. */
  readonly unlisted?: boolean;
  /** tmpfs mount options, `size=64m` and so on. */
  readonly tmpfsOptions?: readonly string[];
  /** A volume that takes the image's files at its destination when it is empty. */
  readonly copyUp?: boolean;
  /** An anonymous volume, which `rm -v` removes. */
  readonly anonymous?: boolean;
  /** A path inside the volume that is mounted instead of its top. */
  readonly subpath?: string;
}
