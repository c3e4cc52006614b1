/** Every verb and where it lives. A command loads the one file it needs. */
import type { Verb } from './verb.ts';

interface Entry {
  readonly about: string;
  readonly load: () => Promise<{ default: Verb }>;
}

export const verbs: Readonly<Record<string, Entry>> = {
  attach: { about: 'Attach to a running container', load: () => import('./commands/attach.ts') },
  commit: { about: 'Make an image of a container', load: () => import('./commands/commit.ts') },
  'container prune': {
    about: 'Remove all stopped containers', load: () => import('./commands/container/prune.ts'),
  },
  cp: { about: 'Copy files between a container and the host', load: () => import('./commands/cp.ts') },
  create: { about: 'Create a container without starting it', load: () => import('./commands/create.ts') },
  diff: { about: "Show what a container changed of its image's files", load: () => import('./commands/diff.ts') },
  events: { about: 'Follow what happens in the engine', load: () => import('./commands/events.ts') },
  exec: { about: 'Run a command in a running container', load: () => import('./commands/exec.ts') },
  'exec-kill': { about: 'Send a signal to a command that exec runs', load: () => import('./commands/exec-kill.ts') },
  export: { about: "Export a container's filesystem", load: () => import('./commands/export.ts') },
  history: { about: 'Show how an image came about', load: () => import('./commands/history.ts') },
  'image prune': { about: 'Remove images that nobody uses', load: () => import('./commands/image/prune.ts') },
  images: { about: 'List images', load: () => import('./commands/images.ts') },
  import: { about: 'Make an image of a root filesystem', load: () => import('./commands/import.ts') },
  info: { about: 'Show what the engine and its host are', load: () => import('./commands/info.ts') },
  inspect: { about: 'Show everything known of a container or image', load: () => import('./commands/inspect.ts') },
  kill: { about: 'Send a signal to containers', load: () => import('./commands/kill.ts') },
  load: { about: 'Load images from an archive', load: () => import('./commands/load.ts') },
  login: { about: 'Log in to a registry', load: () => import('./commands/login.ts') },
  logout: { about: 'Forget the login to a registry', load: () => import('./commands/logout.ts') },
  logs: { about: "Show a container's output", load: () => import('./commands/logs.ts') },
  'network connect': {
    about: 'Put a container on one more network', load: () => import('./commands/network/connect.ts'),
  },
  'network create': { about: 'Create a network', load: () => import('./commands/network/create.ts') },
  'network disconnect': {
    about: 'Take a container off a network', load: () => import('./commands/network/disconnect.ts'),
  },
  'network inspect': { about: 'Show everything known of networks', load: () => import('./commands/network/inspect.ts') },
  'network ls': { about: 'List networks', load: () => import('./commands/network/ls.ts') },
  'network prune': { about: 'Remove networks that nobody uses', load: () => import('./commands/network/prune.ts') },
  'network rm': { about: 'Remove networks', load: () => import('./commands/network/rm.ts') },
  pause: { about: 'Freeze the processes of containers', load: () => import('./commands/pause.ts') },
  port: { about: "List a container's published ports", load: () => import('./commands/port.ts') },
  'port add': { about: 'Publish more ports, also while it runs', load: () => import('./commands/port-add.ts') },
  'port rm': { about: 'End what a host port publishes', load: () => import('./commands/port-rm.ts') },
  ps: { about: 'List containers', load: () => import('./commands/ps.ts') },
  pull: { about: 'Download an image', load: () => import('./commands/pull.ts') },
  push: { about: 'Upload an image', load: () => import('./commands/push.ts') },
  rename: { about: 'Rename a container', load: () => import('./commands/rename.ts') },
  restart: { about: 'Stop and start containers', load: () => import('./commands/restart.ts') },
  rm: { about: 'Remove containers', load: () => import('./commands/rm.ts') },
  rmi: { about: 'Remove images', load: () => import('./commands/rmi.ts') },
  run: { about: 'Create a container and start it', load: () => import('./commands/run.ts') },
  save: { about: 'Save images to an archive', load: () => import('./commands/save.ts') },
  search: { about: 'Search a registry for images', load: () => import('./commands/search.ts') },
  start: { about: 'Start stopped containers', load: () => import('./commands/start.ts') },
  stats: { about: 'Show what containers use', load: () => import('./commands/stats.ts') },
  stop: { about: 'Stop running containers', load: () => import('./commands/stop.ts') },
  'system df': { about: 'Show how much of the disk is used', load: () => import('./commands/system/df.ts') },
  'system prune': { about: 'Remove all that nobody uses', load: () => import('./commands/system/prune.ts') },
  tag: { about: 'Give an image another name', load: () => import('./commands/tag.ts') },
  top: { about: 'List the processes of a container', load: () => import('./commands/top.ts') },
  unpause: { about: 'Thaw the processes of containers', load: () => import('./commands/unpause.ts') },
  update: { about: 'Change limits and restart policy of containers', load: () => import('./commands/update.ts') },
  version: { about: 'Show the versions of client and engine', load: () => import('./commands/version.ts') },
  'volume create': { about: 'Create a volume', load: () => import('./commands/volume/create.ts') },
  'volume export': { about: 'Write what is in a volume as an archive', load: () => import('./commands/volume/export.ts') },
  'volume import': { about: 'Unpack an archive into a volume', load: () => import('./commands/volume/import.ts') },
  'volume inspect': { about: 'Show everything known of volumes', load: () => import('./commands/volume/inspect.ts') },
  'volume ls': { about: 'List volumes', load: () => import('./commands/volume/ls.ts') },
  'volume prune': { about: 'Remove volumes that nobody uses', load: () => import('./commands/volume/prune.ts') },
  'volume rename': { about: 'Rename a volume', load: () => import('./commands/volume/rename.ts') },
  'volume rm': { about: 'Remove volumes', load: () => import('./commands/volume/rm.ts') },
  wait: { about: 'Wait until containers end, and print their exit codes', load: () => import('./commands/wait.ts') },
};

/** Docker's longer names: `container ls`, `image rm`. */
const groups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  container: {
    ls: 'ps', list: 'ps', ps: 'ps', remove: 'rm', prune: 'container prune',
    ...same('attach commit cp create diff exec exec-kill export inspect kill logs pause port rename restart rm run start stats stop top unpause update wait'),
  },
  image: {
    ls: 'images', list: 'images', rm: 'rmi', remove: 'rmi', prune: 'image prune', ...same('history import inspect load pull push save tag'),
  },
  network: {
    ...Object.fromEntries('connect create disconnect inspect ls prune rm'.split(' ').map((name) => [name, `network ${name}`])),
    list: 'network ls', remove: 'network rm',
  },
  volume: {
    ...Object.fromEntries('create export import inspect ls prune rename rm'.split(' ').map((name) => [name, `volume ${name}`])),
    list: 'volume ls', remove: 'volume rm',
  },
  system: { df: 'system df', prune: 'system prune', ...same('events info') },
};

function same(names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, name]));
}

/** The verb that words at the start of a line name, and how many words that took. */
export function findVerb(words: readonly string[]): { name: string; words: number } | undefined {
  const [first = '', second = ''] = words;
  // `port add` may also be Docker's word for a container of that name: a change takes two arguments more.
  if (first === 'port' && words.length > 3 && Object.hasOwn(verbs, `port ${second}`)) {
    return { name: `port ${second}`, words: 2 };
  }
  if (Object.hasOwn(verbs, first)) return { name: first, words: 1 };
  const group = Object.hasOwn(groups, first) ? groups[first] : undefined;
  const name = group !== undefined && Object.hasOwn(group, second) ? group[second] : undefined;
  return name === undefined ? undefined : { name, words: 2 };
}
