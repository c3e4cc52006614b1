import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { ImageBench, savedImage } from './bench.ts';

// A program of its own, to be killed at any moment: loads, adds layers and removes without end.
const bench = await ImageBench.open(process.argv[2]);
const layer = (name: string, files: number): Buffer =>
  archive(...Array.from({ length: files }, (_, at) => entry({ name: `${name}/${at}`, data: `${name} ${at}`.repeat(200) })));
const shared = layer('shared', 30);
const first = bench.images.list().length * 1000;
for (let round = first; ; round++) {
  await bench.load(savedImage({ layers: [shared, layer(`own-${round}`, 40)], tags: [`round:${round}`] }));
  const top = (async function* () {
    yield layer(`top-${round}`, 10);
  })();
  await bench.images.addLayer(bench.images.get(`round:${round}`).id, top, { repository: 'child', tag: String(round) });
  if (round % 2 === 1 && round > first) await bench.images.remove(`child:${round - 1}`);
  if (round % 3 === 2 && round > first) await bench.images.remove(`round:${round - 1}`);
  console.log(round);
}
