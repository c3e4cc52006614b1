/** The flags that describe a container: those of `create`, most of those of `run`. */
import { integer, list, maybe, maybeText, parsed, single, text, toggle } from '../flags.ts';
import type { Values } from '../flags.ts';
import { parseBytes, parseDuration } from '../units.ts';
import { parseLink, parseHost, parseNameserver, parsePair, parseSysctl } from './network.ts';
import { parseDevice, parseRate, parseUlimit, parseWeight } from './devices.ts';
import { parseMount } from './mounts.ts';

function oneOf(spec: string, about: string, choices: readonly string[], initial = ''): ReturnType<typeof text> {
  return { ...text(spec, about, initial), read: (value) => {
    if (!choices.includes(value)) throw new Error(`expected ${choices.map((choice) => `"${choice}"`).join(', ')}`);
    return value;
  } };
}

const stream = (value: string): string => {
  const name = value.toLowerCase();
  if (!['stdin', 'stdout', 'stderr'].includes(name)) throw new Error('valid streams are STDIN, STDOUT and STDERR');
  return name;
};

const memory = (value: string): number => (value === '-1' ? -1 : parseBytes(value));

const nanoCpus = (value: string): number => {
  if (!/^\d*\.?\d+$|^\d+\.$/.test(value)) throw new Error('expected a number of CPUs such as 2 or 0.5');
  const nano = Number(value) * 1e9;
  if (Math.abs(nano - Math.round(nano)) > 1e-3) throw new Error('expected at most nine digits after the point');
  return Math.round(nano);
};

const time = (spec: string, about: string): ReturnType<typeof single<number>> =>
  single(`${spec} <duration>`, about, parseDuration);

export const containerFlags = {
  addHost: parsed('--add-host <host:ip>', 'Add a line to /etc/hosts', parseHost),
  annotation: parsed('--annotation <map>', 'Add an annotation to the runtime spec', (value) => parsePair(value)),
  attach: list('-a, --attach <stream>', 'Attach to STDIN, STDOUT or STDERR', stream),
  blkioWeight: integer('--blkio-weight <int>', 'Share of disk time, 10 to 1000; 0: none'),
  blkioWeightDevice: parsed('--blkio-weight-device <path:weight>', 'Share of disk time on one device', parseWeight),
  capAdd: list('--cap-add <name>', 'Add a Linux capability'),
  capDrop: list('--cap-drop <name>', 'Drop a Linux capability'),
  cgroupParent: text('--cgroup-parent <path>', 'Cgroup under which the container gets its own'),
  cgroupns: oneOf('--cgroupns <mode>', 'Cgroup namespace: host or private', ['', 'host', 'private']),
  cidfile: text('--cidfile <file>', "Write the container's id to the file"),
  cpuPeriod: integer('--cpu-period <int>', "Period of the CPU quota, in microseconds"),
  cpuQuota: integer('--cpu-quota <int>', 'CPU time in each period, in microseconds'),
  cpuRtPeriod: integer('--cpu-rt-period <int>', 'Real-time period, in microseconds'),
  cpuRtRuntime: integer('--cpu-rt-runtime <int>', 'Real-time runtime, in microseconds'),
  cpuShares: integer('-c, --cpu-shares <int>', 'Share of CPU time beside others; 1024 is usual'),
  cpus: single('--cpus <decimal>', 'Number of CPUs', nanoCpus),
  cpusetCpus: text('--cpuset-cpus <list>', 'CPUs it may run on (0-3, 0,1)'),
  cpusetMems: text('--cpuset-mems <list>', 'Memory nodes it may use (0-3, 0,1)'),
  detachKeys: maybeText('--detach-keys <keys>', 'Keys that detach (default ctrl-p,ctrl-q)'),
  device: parsed('--device <path>', 'Add a device of the host: PATH[:PATH][:rwm]', parseDevice),
  deviceCgroupRule: list('--device-cgroup-rule <rule>', 'Add a rule to the list of allowed devices', (value) => {
    if (!/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(value)) {
      throw new Error("expected a rule such as 'c 10:200 rwm'");
    }
    return value;
  }),
  deviceReadBps: parsed('--device-read-bps <path:rate>', 'Limit reads from a device: /dev/sda:1mb', parseRate('bytes')),
  deviceReadIops: parsed(
    '--device-read-iops <path:rate>', 'Limit reads a second from a device', parseRate('operations')
  ),
  deviceWriteBps: parsed(
    '--device-write-bps <path:rate>', 'Limit writes to a device: /dev/sda:1mb', parseRate('bytes')
  ),
  deviceWriteIops: parsed(
    '--device-write-iops <path:rate>', 'Limit writes a second to a device', parseRate('operations')
  ),
  disableContentTrust: toggle('--disable-content-trust', 'Accepted and without effect', true),
  dns: list('--dns <address>', 'DNS server', parseNameserver),
  dnsOption: list('--dns-option, --dns-opt <option>', 'DNS option'),
  dnsSearch: list('--dns-search <domain>', 'DNS search domain'),
  domainname: text('--domainname <name>', 'NIS domain name'),
  entrypoint: maybeText('--entrypoint <program>', "Program instead of the image's; '' for none"),
  env: list('-e, --env <NAME=value>', 'Set a variable; NAME alone takes it from here'),
  envFile: list('--env-file <file>', 'Read variables from a file'),
  expose: list('--expose <port>', 'Expose a port or a range of ports'),
  groupAdd: list('--group-add <group>', 'Add a further group'),
  healthCmd: text('--health-cmd <command>', 'Command that checks health'),
  healthInterval: time('--health-interval', 'Time between checks'),
  healthRetries: integer('--health-retries <int>', 'Failures in a row until unhealthy'),
  healthStartInterval: time('--health-start-interval', 'Time between checks in the start period'),
  healthStartPeriod: time('--health-start-period', 'Time in which failures do not count'),
  healthTimeout: time('--health-timeout', 'Time one check may take'),
  hostname: text('-h, --hostname <name>', 'Host name'),
  init: maybe('--init', 'Run an init that forwards signals and reaps processes'),
  interactive: toggle('-i, --interactive', 'Keep stdin open'),
  ip: text('--ip <address>', 'IPv4 address (e.g. 172.30.100.104)'),
  ip6: text('--ip6 <address>', 'IPv6 address (e.g. 2001:db8::33)'),
  ipc: text('--ipc <mode>', 'IPC namespace'),
  label: list('-l, --label <NAME=value>', 'Set a label'),
  labelFile: list('--label-file <file>', 'Read labels from a file'),
  link: list('--link <container:alias>', 'Add a link to another container', parseLink),
  linkLocalIp: list('--link-local-ip <address>', 'Link-local address'),
  logDriver: text('--log-driver <name>', 'Logging driver'),
  logOpt: list('--log-opt <NAME=value>', 'Option of the logging driver'),
  macAddress: text('--mac-address <address>', 'MAC address (e.g. 92:d0:c6:0a:29:33)'),
  memory: single('-m, --memory <bytes>', 'Memory limit', parseBytes),
  memoryReservation: single('--memory-reservation <bytes>', 'Memory soft limit', parseBytes),
  memorySwap: single('--memory-swap <bytes>', 'Limit of memory and swap together; -1: any swap', memory),
  memorySwappiness: integer('--memory-swappiness <int>', 'Readiness to swap, 0 to 100'),
  mount: parsed('--mount <mount>', 'Mount: type=bind|volume|tmpfs,src=…,dst=…[,readonly]', parseMount),
  name: text('--name <name>', 'Name of the container'),
  network: list('--network, --net <network>', 'Network: bridge, none, host, container:NAME'),
  networkAlias: list('--network-alias <name>', 'Further name in a network of your own'),
  noHealthcheck: toggle('--no-healthcheck', "Switch the image's health check off"),
  oomKillDisable: toggle('--oom-kill-disable', 'Let processes wait instead of killing one at the memory limit'),
  oomScoreAdj: integer('--oom-score-adj <int>', 'How readily the kernel ends it when memory is short, -1000 to 1000'),
  pid: text('--pid <mode>', 'PID namespace: host, container:NAME'),
  pidsLimit: integer('--pids-limit <int>', 'Most processes; -1: any number'),
  platform: text('--platform <os/arch>', 'Platform of the image'),
  privileged: toggle('--privileged', 'Give it nearly all that root on the host has'),
  publish: list('-p, --publish <port>', 'Publish a port: [[ADDRESS:]HOST-PORT:]PORT[/udp]'),
  publishAll: toggle('-P, --publish-all', 'Publish all exposed ports to random ports'),
  pull: oneOf('--pull <when>', 'Pull the image: always, missing or never', ['always', 'missing', 'never'], 'missing'),
  quiet: toggle('-q, --quiet', 'Show no progress of a pull'),
  readOnly: toggle('--read-only', 'Mount the root filesystem read-only'),
  restart: text('--restart <policy>', 'When to restart: no, on-failure[:n], always, unless-stopped', 'no'),
  rm: toggle('--rm', 'Remove the container and its anonymous volumes when it ends'),
  runtime: text('--runtime <name>', 'Runtime to use'),
  securityOpt: list('--security-opt <option>', 'Security option: no-new-privileges, seccomp=FILE|unconfined, …'),
  shmSize: single('--shm-size <bytes>', 'Size of /dev/shm', parseBytes),
  stopSignal: text('--stop-signal <signal>', 'Signal that stops it'),
  stopTimeout: integer('--stop-timeout <seconds>', 'Seconds until stop kills it'),
  storageOpt: list('--storage-opt <NAME=value>', 'Option of the storage driver'),
  sysctl: parsed('--sysctl <NAME=value>', 'Kernel parameter of its namespaces', parseSysctl),
  tmpfs: list('--tmpfs <path[:options]>', 'Mount a tmpfs'),
  tty: toggle('-t, --tty', 'Give it a terminal'),
  ulimit: parsed('--ulimit <NAME=soft[:hard]>', 'Resource limit', parseUlimit),
  user: text('-u, --user <user[:group]>', 'User, by name or number'),
  userns: text('--userns <mode>', 'User namespace: host (others are not there yet)'),
  uts: text('--uts <mode>', 'UTS namespace: host'),
  volume: list('-v, --volume <volume>', 'Mount: [SOURCE:]PATH[:ro]'),
  volumeDriver: text('--volume-driver <name>', 'Driver of its volumes'),
  volumesFrom: list('--volumes-from <container>', 'Mount all volumes of another container'),
  workdir: text('-w, --workdir <path>', 'Working directory'),
};

export type ContainerOptions = Values<typeof containerFlags>;
