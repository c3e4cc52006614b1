import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/engine/context.ts';
import { parseFilters } from '../../../src/engine/filters.ts';
import { containerFilters, listContainers, type ListOptions } from '../../../src/engine/list.ts';
import { neverRun, type ContainerRecord } from '../../../src/model/container.ts';
import { record } from './record.ts';

const running = { ...neverRun, status: 'running' as const, pid: 7, startTime: '1' };
const exited = (exitCode: number): ContainerRecord['state'] => ({ ...neverRun, status: 'exited', exitCode });
const image = (digit: string): string => `sha256:${digit.repeat(64)}`;

const records = [
  record('3', {
    name: 'web', state: running, imageId: image('2') as never, health: { status: 'healthy', failingStreak: 0, log: [] },
    config: { ...record('3').config, ExposedPorts: { '80/tcp': {}, '9000/udp': {} }, Labels: { tier: 'front', env: 'a' } },
    ports: [{ port: '80/tcp', hostIp: '', hostPort: 8080 }],
    endpoints: { lan: { networkId: 'feedbeef' } as never },
  }),
  record('2', { name: 'db', state: exited(3), mounts: [{ type: 'volume', name: 'data', source: '/v/data', destination: '/var/lib' } as never] }),
  record('1', { name: 'once', state: exited(0), hostConfig: { ...record('1').hostConfig, NetworkMode: 'none' } }),
];

/** Only what listing looks at. */
const context = {
  records: { all: () => records, find: (name: string) => records.find((one) => one.name === name) ?? records[0] },
  images: {
    find: (name: string) => ({ base: { id: image('1') }, built: { id: image('2'), parent: image('1') }, [image('2')]: { id: image('2'), parent: image('1') } })[name],
  },
} as unknown as Context;

const names = (filters: object, options: Partial<ListOptions> = {}): string[] =>
  listContainers(context, { all: true, ...options, filters: parseFilters(JSON.stringify(filters), containerFilters) }).map(({ name }) => name);

test('only what runs, unless all or a number or a status is asked for', () => {
  expect(names({}, { all: false })).toEqual(['web']);
  expect(names({}, { all: false, limit: 2 })).toEqual(['web', 'db']);
  expect(names({ status: ['exited'] }, { all: false })).toEqual(['db', 'once']);
  expect(names({ exited: ['3'] }, { all: false })).toEqual([]);
});

describe('filters', () => {
  test.each<[object, string[]]>([
    [{ name: ['^/we'] }, ['web']],
    [{ name: ['d'] }, ['db']],
    [{ name: ['['] }, []],
    [{ id: ['2222'] }, ['db']],
    [{ label: ['tier'] }, ['web']],
    [{ label: ['tier=front', 'env=b'] }, []],
    [{ exited: ['3', '0'] }, ['db', 'once']],
    [{ health: ['healthy'] }, ['web']],
    [{ health: ['none'] }, ['db', 'once']],
    [{ publish: ['8080'] }, ['web']],
    [{ publish: ['80'] }, []],
    [{ publish: ['8000-8100/tcp'] }, ['web']],
    [{ expose: ['80'] }, ['web']],
    [{ expose: ['8990-9001/udp'] }, ['web']],
    [{ publish: ['1'], expose: ['9000/udp'] }, ['web']],
    [{ volume: ['data'] }, ['db']],
    [{ volume: ['/var/lib'] }, ['db']],
    [{ network: ['lan'] }, ['web']],
    [{ network: ['feed'] }, ['web']],
    [{ network: ['none'] }, ['once']],
    [{ ancestor: ['base'] }, ['web', 'db', 'once']],
    [{ ancestor: ['built'] }, ['web']],
    [{ ancestor: ['nonesuch'] }, []],
    [{ before: ['web'] }, ['db', 'once']],
    [{ since: ['once'] }, ['web', 'db']],
    [{ 'is-task': ['true'] }, []],
  ])('%j finds %j', (filters, found) => expect(names(filters)).toEqual(found));

  test.each([
    [{ status: ['gone'] }, "Invalid filter 'status=gone'"],
    [{ health: ['ill'] }, 'Unrecognised filter value for health: ill'],
    [{ exited: ['x'] }, 'exited=x'],
    [{ 'is-task': ['x'] }, "Invalid filter 'is-task=[x]'"],
    [{ publish: ['x'] }, 'error while looking up for publish x'],
    [{ expose: ['1-70000'] }, 'error while looking up for expose'],
  ])('%j is refused', (filters, words) => expect(() => names(filters)).toThrow(words));
});
