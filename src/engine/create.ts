import { hostname as hostHostname } from 'node:os';
import * as files from '../host/files.ts';
import { neverRun, type ContainerRecord } from '../model/container.ts';
import type { ContainerConfig, HostConfig, NetworkingConfig } from '../model/host-config.ts';
import type { ContainerId } from '../model/ids.ts';
import { invalid, messageOf, notFound } from '../model/errors.ts';
import type { Platform } from '../model/oci-image.ts';
import { bestFor, formatPlatform, hostPlatform, parsePlatform } from '../model/platform.ts';
import { parseReference } from '../model/reference.ts';
import { withoutUnsupported } from '../runtime/cgroups.ts';
import { validateResources } from '../runtime/validate-resources.ts';
import { checkCreate, createWarnings } from './checks.ts';
import { now } from './clock.ts';
import { pathsOf, tell, type Context } from './context.ts';
import { checkCommand, withImageDefaults } from './image-config.ts';
import { mountWishes } from './mounts.ts';
import { makeSources, plannedMounts, wishesFrom } from './mount-points.ts';
import { checkName, randomId, randomName } from './names.ts';
import { networksAsked } from './endpoint-wishes.ts';
import { checkLinks } from './links.ts';
import { wantedPorts } from './networking.ts';
import { limitWarnings, resourcesOf } from './resources.ts';
import { parseSecurity } from './security.ts';
import { UndoStack } from './undo.ts';
import { fillVolumes } from './copy-up.ts';

/** The generation of a record whose create hasn't come to its end: after a crash it is taken back. */
export const unfinished = -1;

export interface CreateRequest {
  readonly name?: string;
  /** `linux/arm64`: the image must be for it. */
  readonly platform?: string;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly networkingConfig: NetworkingConfig;
}

/** Makes a container that hasn't run: its record, its writable layer, its volumes; all of it or nothing. */
export async function create(
  context: Context,
  request: CreateRequest,
): Promise<{ id: ContainerId; warnings: string[] }> {
  if (request.config.Image === '') throw invalid('no image specified: give the name of an image');
  parseReference(request.config.Image);
  const image = context.images.get(request.config.Image);
  if (request.platform) checkPlatform(request.config.Image, context.images.config(image.id), request.platform);
  const config = withImageDefaults(request.config, context.images.config(image.id).config ?? {});
  checkCommand(config);
  const asked = withDefaults(context, request.hostConfig);
  validateResources(await resourcesOf(asked), context.host);
  const { kept: hostConfig, warnings } = withoutUnsupported(context.host.cgroups, asked);
  const wish = { config, hostConfig, exposes: Object.keys(request.config.ExposedPorts ?? {}).length > 0 };
  checkCreate(wish);
  parseSecurity(hostConfig.SecurityOpt ?? [], hostConfig.Privileged);
  wantedPorts(wish);
  checkLinks(context, hostConfig);
  const wishes = mountWishes(hostConfig, config.Volumes, wishesFrom(context, hostConfig));

  const id = randomId();
  const name = request.name ? checkName(request.name) : randomName((taken) => context.records.hasName(taken));
  const shared = hostConfig.NetworkMode === 'host' || hostConfig.UTSMode === 'host';
  const record: ContainerRecord = {
    id,
    name,
    created: now(),
    image: request.config.Image,
    imageId: image.id,
    config: {
      ...config,
      Hostname:
        config.Hostname ||
        (hostConfig.NetworkMode.startsWith('container:') ? '' : shared ? hostHostname() : id.slice(0, 12)),
    },
    hostConfig: { ...hostConfig, ...joinedModes(context, hostConfig) },
    networkingConfig: networksAsked(context, hostConfig.NetworkMode, request.networkingConfig),
    mounts: [],
    state: neverRun,
    restartCount: 0,
    generation: unfinished,
    stoppedByHand: false,
    endpoints: {},
    ports: [],
  };
  const undo = new UndoStack();
  // The record comes first: from here on whatever is made has an owner that a crash leaves behind.
  context.records.insert(record);
  undo.push('record', () => context.records.delete(id));
  try {
    await context.snapshots.prepare(id, context.images.layersOf(image.id));
    undo.push('writable layer', () => context.snapshots.remove(id));
    await files.makeDirectory(pathsOf(context, id).rootfs);
    const mounts = plannedMounts(context, wishes);
    // Recorded before they are made: whatever a crash leaves of them has an owner.
    const planned = context.records.update(id, { mounts });
    await makeSources(context, wishes, mounts, undo);
    await fillVolumes(context, planned, mounts);
    const made = context.records.update(id, { generation: 0 });
    tell(context, made, 'create');
  } catch (error) {
    for (const leftover of await undo.unwind())
      context.options.log(`container ${id}: after a failed create: ${leftover}`);
    throw error;
  }
  return { id, warnings: [...warnings, ...createWarnings(wish), ...limitWarnings(context.host, hostConfig.Ulimits)] };
}

/** "Not found" makes clients pull the image for the platform they want. */
function checkPlatform(name: string, image: Platform, text: string): void {
  const wanted = parsePlatform(text, hostPlatform());
  if (bestFor(wanted, [{ platform: image }])) return;
  throw notFound(
    `image with reference ${name} was found but does not match the specified platform: ` +
      `wanted ${formatPlatform(wanted)}, actual: ${formatPlatform(image)}`,
  );
}

/**
 * Containers whose namespaces are shared, for the record by id. That there is none such is told at once, but for the
 * network's at start: "not found" at create means the image to a client, and Docker tells it then, too.
 */
function joinedModes(context: Context, { NetworkMode, PidMode, IpcMode }: HostConfig): Partial<HostConfig> {
  const byId = (mode: string, strict: boolean): string => {
    if (!mode.startsWith('container:')) return mode;
    try {
      return `container:${context.records.find(mode.slice('container:'.length)).id}`;
    } catch (error) {
      if (strict) throw invalid(messageOf(error));
      return mode;
    }
  };
  return { NetworkMode: byId(NetworkMode, false), PidMode: byId(PidMode, true), IpcMode: byId(IpcMode, true) };
}

/** What Docker fills in, so that inspect shows what is in force. */
function withDefaults(context: Context, hostConfig: HostConfig): HostConfig {
  return {
    ...hostConfig,
    NetworkMode:
      hostConfig.NetworkMode === '' || hostConfig.NetworkMode === 'default' ? 'bridge' : hostConfig.NetworkMode,
    IpcMode: hostConfig.IpcMode || 'private',
    CgroupnsMode: hostConfig.CgroupnsMode || (context.host.cgroups.kind === 'v2' ? 'private' : 'host'),
    ShmSize: hostConfig.ShmSize || 64 * 2 ** 20,
    LogConfig: { Type: hostConfig.LogConfig.Type || 'json-file', Config: hostConfig.LogConfig.Config },
    Runtime: hostConfig.Runtime || 'berth',
    OomKillDisable: hostConfig.OomKillDisable ?? false,
    // Clients send 0 and -1 for "none".
    PidsLimit: (hostConfig.PidsLimit ?? 0) > 0 ? hostConfig.PidsLimit : null,
    MemorySwap: hostConfig.MemorySwap || (hostConfig.Memory > 0 ? hostConfig.Memory * 2 : 0),
  };
}
