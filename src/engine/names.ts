import { randomBytes, randomInt } from 'node:crypto';
import type { ContainerId } from '../model/ids.ts';
import { invalid } from '../model/errors.ts';

const adjectives = `
  amber brisk calm candid clever cosy crisp curious daring deft eager earnest fair fleet fond frank gentle glad
  golden hardy honest humble jolly keen kind limber lively lucid mellow merry mild nimble noble patient placid
  plucky proud quick quiet rapid ready robust rosy sage serene sharp silent sleek smooth snug sober spry stable
  steady sunny supple swift tidy true upbeat vivid warm wise witty
`
  .trim()
  .split(/\s+/);
/** People of the sea, of harbours and of boxes that travel. */
const surnames = `
  amundsen aylward baltic banks barents batten beaufort bering blackburn bligh bowditch brendan cabot cabral
  cartier chichester columb cook cousteau dampier darwin davis drake elcano eriksson fitzroy flinders franklin
  frobisher gama grenfell halley harrison henson heyerdahl hudson humboldt ibn_majid joyon knox laperouse lovell
  magellan maury mclean mercator moitessier nansen nelson nordenskiold pytheas ross scoresby shackleton slocum
  tasman tereshkova vancouver verrazzano vespucci weddell wegener zheng zubov
`
  .trim()
  .split(/\s+/);

const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T;

/** A name such as `brisk_nansen` that `taken` doesn't know; a number follows when luck runs out. */
export function randomName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const name = `${pick(adjectives)}_${pick(surnames)}${attempt < 6 ? '' : randomInt(10 ** Math.min(attempt - 4, 9))}`;
    if (!taken(name)) return name;
  }
}

/** 64 hex digits; never all decimal in the first twelve, which people would take for a number. */
export function randomId(): ContainerId {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (!/^\d+$/.test(id.slice(0, 12))) return id as ContainerId;
  }
}

/** The name as it is kept: without a leading slash, checked. */
export function checkName(name: string): string {
  const plain = name.replace(/^\//, '');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(plain) || plain.length > 255) {
    throw invalid(`Invalid container name (${plain.slice(0, 300)}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return plain;
}
