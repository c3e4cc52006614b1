import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createBody } from '../../../src/cli/create/body.ts';
import { containerFlags } from '../../../src/cli/create/flags.ts';
import type { ContainerOptions } from '../../../src/cli/create/flags.ts';
import { pathWith } from '../../../src/cli/client.ts';
import { UsageError } from '../../../src/cli/errors.ts';
import { readLine } from '../../../src/cli/verb.ts';
import { commandLines } from './command-lines.ts';

type Json = Record<string, unknown>;
const recorded = JSON.parse(readFileSync(new URL('docker-bodies.json', import.meta.url), 'utf8')) as {
  plain: Json;
  lines: { query: string; changes: Json }[];
};

function parse(line: readonly string[]): { options: ContainerOptions; body: Json } {
  const definition = { usage: '', about: '', examples: [], flags: containerFlags, stopAtFirst: true, run: async () =>
    0 };
  const { options, operands } = readLine('create', definition, line);
  const body = createBody(options as ContainerOptions, operands, {
    environment: { RECORDED: 'here' }, workingDirectory: '/project', consoleSize: [0, 0],
  });
  return { options: options as ContainerOptions, body: JSON.parse(JSON.stringify(body)) as Json };
}

/** The order of variables differs and doesn't matter; an endpoint's empty fields say nothing. */
function comparable(body: Json): Json {
  const networking = body['NetworkingConfig'] as { EndpointsConfig: Record<string, Json> };
  const endpoints = Object.entries(networking.EndpointsConfig).map(([name, endpoint]) =>
    [name, Object.fromEntries(Object.entries(endpoint).filter(([, value]) => ![null, '', 0].includes(value as null)))]);
  return {
    ...body,
    Env: (body['Env'] as string[] | null)?.toSorted() ?? null,
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(endpoints) as Json },
  };
}

describe('create sends what the real docker client sends', () => {
  test.each(commandLines.map((line, at) => [line.join(' '), line, at] as const))('%s', (_, line, at) => {
    const { query, changes } = recorded.lines[at] as { query: string; changes: Json };
    const { HostConfig: hostChanges, ...others } = changes as { HostConfig?: Json };
    const plainHost = recorded.plain['HostConfig'] as Json;
    const docker = { ...recorded.plain, ...others, HostConfig: { ...plainHost, ...hostChanges } };
    const { options, body } = parse(line);
    expect(comparable(body)).toEqual(comparable(docker));
    const asked = pathWith('/x', { name: options.name, platform: options.platform });
    expect(asked).toBe(`/x${query === '' ? '' : `?${query}`}`);
  });
});

const refused: readonly (readonly [string, RegExp])[] = [
  ['-m lots img', /"lots" for "-m, --memory" flag: expected a size/],
  ['-m 1x img', /expected a size/],
  ['-p x img', /"x" for "-p, --publish" flag.*containerPort: x/],
  ['-p 80:99999 img', /ports go from 1 to 65535/],
  ['-p 1-3:1-2 img', /Invalid ranges specified/],
  ['-v /a:/b:c:d img', /too many colons/],
  ['-v /a:b img', /must be absolute/],
  ['-v :/b img', /empty section/],
  ['--mount type=nfs,dst=/x img', /invalid mount type 'nfs'/],
  ['--mount type=bind,dst=/x img', /needs src/],
  ['--mount type=bind,src=/a img', /target is required/],
  ['--mount type=bind,src=/a,dst=/x,colour=red img', /unexpected key 'colour'/],
  ['--mount type=bind,src=/a,dst=/x,volume-nocopy img', /cannot mix 'volume-\*'/],
  ['--ulimit nofile img', /invalid ulimit argument/],
  ['--ulimit nofile=20:10 img', /soft limit must be less/],
  ['--ulimit wings=2 img', /invalid ulimit type: wings/],
  ['--cpus many img', /number of CPUs/],
  ['--cpus -1 img', /number of CPUs/],
  ['-c x img', /"-c, --cpu-shares" flag: expected a whole number/],
  ['--restart sometimes img', /expected no, on-failure/],
  ['--restart always:3 img', /on-failure/],
  ['--restart on-failure:x img', /must be an integer/],
  ['--rm --restart always img', /both --restart and --rm/],
  ['--network host --network x img', /conflicting options/],
  ['--network bridge --network-alias x img', /user-defined networks/],
  ['--network container:a -p 80 img', /conflicting options: --publish/],
  ['--ip 300.1.1.1 img', /expected an IPv4 address/],
  ['--mac-address x img', /valid mac address/],
  ['--add-host x img', /expected HOST:ADDRESS/],
  ['--add-host x:y img', /invalid IP address/],
  ['--dns x img', /not correctly formatted/],
  ['--sysctl kernel.panic=1 img', /not allowed/],
  ['--device-read-bps sda:1 img', /expected \/dev\/NAME:NUMBER/],
  ['--device /dev/a:x img', /not an absolute path/],
  ['--device /dev/a:/dev/b:rwx img', /bad mode/],
  ['--device-cgroup-rule all img', /expected a rule/],
  ['-a err img', /valid streams/],
  ['--env-file /does/not/exist img', /open \/does\/not\/exist: no such file/],
  ['-e =x img', /expected NAME=value/],
  ['--security-opt lax img', /Invalid --security-opt: "lax"/],
  ['--userns remap img', /user namespaces are not there yet/],
  ['--pid other img', /--pid: invalid mode "other"/],
  ['--tmpfs run img', /absolute path/],
  ['--expose 80:80 img', /--expose/],
  ['--no-healthcheck --health-cmd x img', /conflicts/],
  ['--health-interval soon img', /expected a duration/],
  ['--memory-swappiness 101 img', /0-100/],
  ['--pull often img', /"always", "missing", "never"/],
  ['--init=perhaps img', /expected true or false/],
  ['--wings img', /unknown flag: --wings/],
  ['-iZ img', /unknown shorthand flag: 'Z' in -iZ/],
  ['--name', /flag needs an argument: --name/],
];

describe('create refuses before it asks the engine, in one line and with 125', () => {
  test.each(refused)('%s', (line, message) => {
    const words = line.split(' ');
    let thrown: unknown;
    try {
      parse(words);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    const { message: said, exitCode } = thrown as UsageError;
    expect(said).toMatch(message);
    expect(said).not.toContain('\n');
    expect(exitCode).toBe(125);
  });
});

test('a path that begins with a dot is of the working directory', () => {
  const { body } = parse(['-v', './data:/data', '-v', '.:/here', '-v', 'named:/n', 'img']);
  expect((body['HostConfig'] as Json)['Binds']).toEqual(['/project/data:/data', '/project:/here', 'named:/n']);
});
