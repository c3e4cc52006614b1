import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDockerd, type Dockerd } from '../../fixtures/dockerd.ts';
import { createWorld, type World } from '../../world.ts';
import { fingerprint, ImageBench, must } from './bench.ts';

/** Images that the real Docker built and saved, compared with what it exports of their containers. */
let world: World;
let dockerd: Dockerd;
let bench: ImageBench;

const docker = async (...args: string[]): Promise<string> => {
  const result = await dockerd.docker(...args);
  expect(result, `docker ${args.join(' ')}`).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
};

const dockerfile = `FROM busybox
RUN mkdir -p /a/b /gone /kept && echo x >/a/b/x && echo y >/gone/y && echo z >/kept/z && chmod 4755 /a/b/x && chown 33:33 /kept
RUN rm -r /gone /a/b/x && mkdir /gone && echo new >/gone/new && ln /kept/z /kept/hard && mkfifo /fifo && rm /bin/ascii
RUN rm -r /a && echo file >/a && chmod 1777 /kept
COPY content /content
CMD ["sh", "-c", "true"]
EXPOSE 80
`;

beforeAll(async () => {
  world = await createWorld();
  dockerd = await startDockerd(world);
  bench = await ImageBench.open();
  await mkdir(bench.path('context'));
  await writeFile(bench.path('context/content'), 'content');
  await writeFile(bench.path('context/Dockerfile'), dockerfile);
  await docker('load', '-i', join(import.meta.dirname, '../../../build/images/busybox.tar'));
  await docker('build', '-q', '--network', 'none', '-t', 'built:1', bench.path('context'));
});
afterAll(async () => {
  await dockerd.stop();
  await bench.close();
  await world.destroy();
});

/** Without what Docker puts into every container, and the times of the directories that this touches. */
const comparable = (print: string): string[] =>
  print.split('\n').filter((line) =>
    !/(?:^|\/)(?:\.dockerenv|dev|proc|sys|etc\/(?:hosts|hostname|resolv\.conf|mtab))(?:[|/]|$)/.test(line) && !/^(?:etc)?\|d\|/.test(line),
  );

test('what docker save wrote of several images loads, and each merged tree is what docker export shows', async () => {
  await docker('save', '-o', bench.path('saved.tar'), 'busybox:latest', 'built:1');
  const loaded = await bench.images.load(createReadStream(bench.path('saved.tar')));
  expect(loaded.map(({ reference }) => reference).toSorted()).toEqual(['built:1', 'busybox:latest']);
  for (const reference of ['busybox:latest', 'built:1']) {
    expect(bench.images.get(reference).id).toBe(await docker('image', 'inspect', '-f', '{{.Id}}', reference));
    const container = await docker('create', reference);
    await docker('export', '-o', bench.path('exported.tar'), container);
    const reference2 = bench.path(`exported-${reference}`);
    await mkdir(reference2);
    await must('tar', '-xpf', bench.path('exported.tar'), '--numeric-owner', '-C', reference2);
    expect(comparable(await bench.merged(reference))).toEqual(comparable(await fingerprint(reference2)));
    await docker('rm', container);
  }
  expect(bench.layerNames('built:1')[0]).toBe(bench.layerNames('busybox')[0]);
});

test('history and size agree with what docker says', async () => {
  const steps = (await docker('history', '--no-trunc', '--human=false', '--format', '{{.Size}} {{.CreatedBy}}', 'built:1')).split('\n');
  expect(bench.images.history('built:1').map(({ size, createdBy }) => `${size} ${createdBy}`)).toEqual(steps);
  expect(String(bench.images.get('built:1').size)).toBe(await docker('image', 'inspect', '-f', '{{.Size}}', 'built:1'));
});
