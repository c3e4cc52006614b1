/** Images, as the Docker Engine API tells of them. See docker.ts. */
import type { ContainerConfig } from './docker-config.ts';

/** One row of GET /images/json?all=&digests=&filters= */
export interface ImageSummary {
  /** `sha256:…`. */
  Id: string;
  ParentId: string;
  /** `name:tag`; [] or ['<none>:<none>'] when dangling. */
  RepoTags: string[] | null;
  /** `name@sha256:…`. */
  RepoDigests: string[] | null;
  Created: number;
  Size: number;
  SharedSize: number;
  VirtualSize?: number;
  Labels: Record<string, string> | null;
  /** -1: not counted. */
  Containers: number;
}

/** GET /images/{name}/json */
export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created?: string;
  Container?: string;
  ContainerConfig?: ContainerConfig | null;
  DockerVersion: string;
  Author: string;
  Config: ContainerConfig | null;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  Size: number;
  VirtualSize?: number;
  GraphDriver: { Name: string; Data: Record<string, string> | null };
  RootFS: { Type: string; Layers?: string[] };
  Metadata: { LastTagTime: string };
}

/** One row of GET /images/{name}/history, newest first. */
export interface ImageHistoryItem {
  /** `sha256:…` or `<missing>`. */
  Id: string;
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  Size: number;
  Comment: string;
}

/** One item of what DELETE /images/{name} answers. */
export interface ImageDeleteItem {
  Untagged?: string;
  Deleted?: string;
}

/** POST /images/prune */
export interface ImagesPruneResponse {
  ImagesDeleted: ImageDeleteItem[] | null;
  SpaceReclaimed: number;
}

/** One line of the JSON stream of /images/load and /images/create. */
export interface ProgressMessage {
  /** Plain text for the terminal, with its newline. */
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: { current?: number; total?: number; units?: string } | null;
  /** The end, badly; the HTTP status is 200 by then. */
  error?: string;
  errorDetail?: { code?: number; message?: string } | null;
  aux?: unknown;
}
