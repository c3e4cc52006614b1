import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Who may import whom (the design's §4). A room imports itself freely. */
const allowed: Record<string, readonly string[]> = {
  model: [],
  host: ['model'],
  storage: ['model', 'host'],
  image: ['model', 'host'],
  network: ['model', 'host'],
  runtime: ['model', 'host'],
  engine: ['storage', 'image', 'network', 'runtime', 'model', 'host'],
  api: ['engine', 'model'],
  cli: ['model'],
};
/** Files directly in src compose the rooms, and may import all. */
const effects = ['fs', 'fs/promises', 'child_process', 'net', 'dgram', 'sqlite', 'worker_threads'];
/** The CLI is a program of its own: it reads files, owns a terminal and starts the engine. */
const mayHaveEffects = new Set(['host', 'cli']);

const root = resolve(import.meta.dirname, '../../src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

interface Import {
  specifier: string;
  typeOnly: boolean;
}

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'/gm)) {
    found.push({ specifier: match[2] as string, typeOnly: match[1] !== undefined });
  }
  for (const match of text.matchAll(/\bimport\(\s*'([^']+)'/g)) found.push({ specifier: match[1] as string, typeOnly: false });
  for (const match of text.matchAll(/^import\s+'([^']+)'/gm)) found.push({ specifier: match[1] as string, typeOnly: false });
  return found;
}

const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] as string) : '');

function violations(file: string, text: string): string[] {
  const room = roomOf(file);
  const found: string[] = [];
  for (const { specifier, typeOnly } of importsOf(text)) {
    if (specifier.startsWith('.')) {
      const target = relative(root, resolve(root, dirname(file), specifier));
      const other = roomOf(target);
      const isWireType = room === 'cli' && typeOnly && target.startsWith('api/wire/');
      if (room !== '' && other !== room && !isWireType && !allowed[room]?.includes(other)) found.push(`${file} imports ${target}`);
    } else if (effects.includes(specifier.replace(/^node:/, '')) && !typeOnly && room !== '' && !mayHaveEffects.has(room)) {
      found.push(`${file} imports ${specifier}: effects belong to src/host`);
    }
  }
  if (/^(export )?let /m.test(text)) found.push(`${file} has a module-level let`);
  return found;
}

test('each room imports only what the design lets it', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap((file) => violations(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

test('the check sees a forbidden import, an effect and mutable module state', () => {
  expect(violations('network/x.ts', "import { a } from '../image/store.ts';")).toEqual(['network/x.ts imports image/store.ts']);
  expect(violations('engine/x.ts', "import * as fs from 'node:fs/promises';")).toHaveLength(1);
  expect(violations('model/x.ts', "export { a } from '../host/files.ts';")).toHaveLength(1);
  expect(violations('cli/x.ts', "import { a } from '../api/wire/docker.ts';")).toHaveLength(1);
  expect(violations('cli/x.ts', "import type { A } from '../api/wire/docker.ts';")).toEqual([]);
  expect(violations('engine/x.ts', 'let counter = 0;')).toHaveLength(1);
});

test('every folder of src is a room with a rule', () => {
  const folders = new Set(files.map(roomOf).filter((room) => room !== ''));
  expect([...folders].filter((room) => !(room in allowed))).toEqual([]);
});
