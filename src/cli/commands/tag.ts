import { parseReference } from '../../model/reference.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  about: 'Give an image another name.',
  examples: [['tag web shop/web:1.2', 'Both names stand for the same image']],
  flags: {},
  least: 2,
  most: 2,
  async run(cli, _, [source = '', target = '']) {
    parseReference(target);
    const { repo, tag } = splitTag(target);
    await cli.client.post(`/images/${encodeURIComponent(source)}/tag`, { repo, tag });
    return 0;
  },
});

/** `a/b:1` → a/b, 1; `host:5000/b` → host:5000/b, latest. */
export function splitTag(name: string): { repo: string; tag: string } {
  const colon = name.lastIndexOf(':');
  if (colon <= name.lastIndexOf('/')) return { repo: name, tag: 'latest' };
  return { repo: name.slice(0, colon), tag: name.slice(colon + 1) };
}
