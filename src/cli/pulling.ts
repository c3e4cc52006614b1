/** Images that aren't there yet. */
import { familiarRepository, familiarName, parseReference, withDefaultTag } from '../model/reference.ts';
import type { Cli } from './context.ts';
import { showProgress } from './streams.ts';

/** Has the engine download an image; `show` gets the progress. */
export async function pullImage(
  cli: Cli,
  image: string,
  platform: string,
  show: (text: string) => void,
): Promise<void> {
  const reference = withDefaultTag(parseReference(image));
  const query = { fromImage: familiarRepository(reference), tag: reference.digest ?? reference.tag, platform };
  const response = await cli.client.send('POST', '/images/create', query);
  await showProgress(response.body, show);
}

/** `web` → `web:latest`, as the engine calls it. */
export function fullName(image: string): string {
  return familiarName(withDefaultTag(parseReference(image)));
}
