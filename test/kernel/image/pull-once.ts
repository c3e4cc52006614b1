import { openRegistries } from '../../../src/image/registry.ts';
import { noRegistryOptions } from '../../../src/image/registry/endpoints.ts';
import { BerthError } from '../../../src/model/errors.ts';
import { parseReference } from '../../../src/model/reference.ts';
import { ImageBench } from './bench.ts';

// A program of its own, to be killed, or to fill a small disk that nobody else sees. Prints what happened.
const [directory, name = ''] = process.argv.slice(2);
const store = await ImageBench.open(directory);
const { root, database, images } = store;
const registries = await openRegistries({ root, database, images, options: { ...noRegistryOptions, certificates: [] } });
const before = JSON.stringify(store.contents());
try {
  await registries.pull({ reference: parseReference(name) }, () => undefined, new AbortController().signal);
  console.log(JSON.stringify({ kind: 'pulled' }));
} catch (error) {
  const kind = error instanceof BerthError ? error.kind : (error as { code?: string }).code;
  console.log(JSON.stringify({ kind, message: (error as Error).message, same: JSON.stringify(store.contents()) === before }));
}
registries.close();
