import { BerthError } from '../../../src/model/errors.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { ImageBench, savedImage } from './bench.ts';

// A program of its own, since the small file system is mounted where nobody else sees it. Prints what happened.
const [directory, count] = process.argv.slice(2);
const bench = await ImageBench.open(directory);
const before = JSON.stringify(bench.contents());
const layer = archive(...Array.from({ length: Number(count) }, (_, at) => entry({ name: `f${at}`, data: Buffer.alloc(40_000, at) })));
try {
  await bench.load(savedImage({ layers: [layer] }));
  console.log(JSON.stringify({ kind: 'loaded' }));
} catch (error) {
  const kind = error instanceof BerthError ? error.kind : (error as { code?: string }).code;
  console.log(JSON.stringify({ kind, message: (error as Error).message, same: JSON.stringify(bench.contents()) === before }));
}
