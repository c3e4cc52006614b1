import { expect, test } from 'vitest';
import { parseCreate, parseUpdate } from '../../../src/api/wire/create.ts';

test("nulls and missing fields are Go's zero values", () => {
  const { config, hostConfig } = parseCreate(
    { Image: 'web', Env: null, Cmd: null, Labels: null, HostConfig: { Binds: null, Memory: null } },
    undefined,
  );
  expect(config).toMatchObject({ Image: 'web', Env: [], Cmd: null, Entrypoint: null, Labels: {}, Tty: false });
  expect(hostConfig).toMatchObject({
    Binds: null,
    Memory: 0,
    NetworkMode: '',
    PortBindings: null,
    Devices: null,
    Dns: null,
    IpcMode: '',
    PidsLimit: null,
  });
});

test('before API 1.40 a container lets others join its IPC namespace unless told', () => {
  expect(parseCreate({ Image: 'x' }, undefined, '1.39').hostConfig.IpcMode).toBe('shareable');
  expect(parseCreate({ Image: 'x', HostConfig: { IpcMode: 'private' } }, undefined, '1.39').hostConfig.IpcMode).toBe('private');
  expect(parseCreate({ Image: 'x' }, undefined, '1.40').hostConfig.IpcMode).toBe('');
});

test('a command of one string is a list of one word', () => {
  expect(parseCreate({ Image: 'x', Cmd: 'ls' }, undefined).config.Cmd).toEqual(['ls']);
});

test.each([
  [undefined, /configuration is expected/],
  [[], /must be an object/],
  [{ Env: 'A=1' }, /invalid value for Env: expected a list of strings/],
  [{ Tty: 'yes' }, /Tty: expected true or false/],
  [{ HostConfig: { Memory: '1g' } }, /HostConfig.Memory: expected a whole number/],
  [{ HostConfig: { Memory: 1.5 } }, /whole number/],
  [{ HostConfig: { Memory: 1e300 } }, /whole number/],
  [{ Labels: { a: 1 } }, /object of strings/],
  [{ ExposedPorts: ['80'] }, /ExposedPorts/],
  [{ HostConfig: { PortBindings: { '80/tcp': {} } } }, /PortBindings/],
  [{ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: 80 }] } } }, /HostPort: expected a string/],
  [{ HostConfig: { Mounts: [3] } }, /HostConfig.Mounts\[0\] must be an object/],
  [{ HostConfig: { Mounts: [{ TmpfsOptions: { SizeBytes: '1' } }] } }, /Mounts\[0\].TmpfsOptions.SizeBytes: expected a/],
  [{ HostConfig: { RestartPolicy: { Name: 3 } } }, /RestartPolicy.Name/],
  [{ HostConfig: { ConsoleSize: [1] } }, /two whole numbers/],
  [{ NetworkingConfig: { EndpointsConfig: { x: 3 } } }, /must be an object/],
  [{ Healthcheck: { Interval: 'x' } }, /Healthcheck.Interval/],
])('the body %j is refused by field', (body, words) => {
  expect(() => parseCreate(body, undefined)).toThrow(words);
});

test('field names count without their case, as in Go, and the exact one first', () => {
  const { config, hostConfig } = parseCreate({ image: 'a', Image: 'b', hostconfig: { memory: 7, '': 1 } }, undefined);
  expect([config.Image, hostConfig.Memory]).toEqual(['b', 7]);
});

test('an update has the limits that were given, and nothing else', () => {
  expect(parseUpdate({ Memory: 0, CpuShares: 5, Devices: [], PidsLimit: 0, RestartPolicy: { Name: '' } })).toEqual({
    limits: { CpuShares: 5, PidsLimit: 0 },
  });
  expect(parseUpdate({ RestartPolicy: { Name: 'always' } })).toEqual({
    limits: {},
    restartPolicy: { Name: 'always', MaximumRetryCount: 0 },
  });
});

test('a mount keeps what was said and nothing else', () => {
  const mount = { Type: 'tmpfs', Target: '/t', ReadOnly: false, TmpfsOptions: { SizeBytes: 5, Mode: 0 } };
  expect(parseCreate({ HostConfig: { Mounts: [mount] } }, undefined).hostConfig.Mounts).toEqual([
    { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 5 } },
  ]);
});

test('unknown fields are left out, inherited ones are never read', () => {
  const body = JSON.parse('{"Image":"x","Bogus":1,"__proto__":{"User":"root"}}') as unknown;
  const { config } = parseCreate(body, undefined);
  expect(config.User).toBe('');
  expect(config).not.toHaveProperty('Bogus');
});
