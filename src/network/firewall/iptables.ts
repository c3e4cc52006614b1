import { isOwnChain, ownChains, type OwnChain, type Rule, type Table } from './rules.ts';

/** Whose rules these are: the mark in each comment, and what sets the chains of several engines apart. */
export interface Owner {
  readonly engineId: string;
  /** '' for the engine with the default bridge. */
  readonly suffix: string;
}

/** A rule as iptables-restore reads it, without `-A` and the chain. */
export interface Line {
  readonly table: Table;
  /** As iptables knows it. */
  readonly chain: string;
  readonly text: string;
  /** In a chain of the kernel's, shared with all other programs. */
  readonly shared: boolean;
  /** Put before what others have in that chain. */
  readonly first: boolean;
}

const tables: readonly Table[] = ['raw', 'nat', 'filter'];
/** Alone, and with an engine's suffix: at most 28 bytes, of which a bridge's name takes up to 16 with its dash. */
const stems: Readonly<Record<OwnChain, readonly [alone: string, short: string]>> = {
  guard: ['BERTH-GUARD', 'BERTH-GUARD'], dnat: ['BERTH', 'BERTH'], user: ['BERTH-USER', 'BERTH-USER'],
  isolation: ['BERTH-ISOLATION', 'BERTH-ISO'], forward: ['BERTH-FORWARD', 'BERTH-FWD'], out: ['BERTH-OUT', 'BERTH-OUT'],
};

const connectionStates = { known: 'RELATED,ESTABLISHED', dnat: 'DNAT' } as const;

export function chainName(chain: OwnChain, owner: Owner): string {
  const [alone, short] = stems[chain];
  return owner.suffix === '' ? alone : `${short}-${owner.suffix}`;
}

export const markOf = (owner: Owner): string => `berth:${owner.engineId}`;

/** The words of one rule, in the order in which iptables-save prints them. */
export function renderRule({ table, chain, match, verdict }: Rule, owner: Owner): Line {
  const words: string[] = [];
  const add = (value: string | number | undefined, ...before: string[]): void => {
    if (value !== undefined) words.push(...before, String(value));
  };
  add(match.source, '-s');
  add(match.notDestination, '!', '-d');
  add(match.destination, '-d');
  add(match.in, '-i');
  add(match.notIn, '!', '-i');
  add(match.out, '-o');
  add(match.notOut, '!', '-o');
  if (match.protocol) words.push('-p', match.protocol, '-m', match.protocol);
  add(match.port, '--dport');
  if (match.toHost) words.push('-m', 'addrtype', '--dst-type', 'LOCAL');
  if (match.connection) words.push('-m', 'conntrack', '--ctstate', connectionStates[match.connection]);
  words.push('-m', 'comment', '--comment', `"${markOf(owner)}"`, '-j');
  switch (verdict.go) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'masquerade':
      words.push(verdict.go.toUpperCase());
      break;
    case 'chain':
      words.push(chainName(verdict.chain, owner));
      break;
    case 'dnat':
      words.push('DNAT', '--to-destination',
        `${verdict.address.includes(':') ? `[${verdict.address}]` : verdict.address}:${verdict.port}`);
      break;
    default:
      verdict satisfies never;
  }
  const own = isOwnChain(chain);
  return {
    table, chain: own ? chainName(chain, owner) : chain, text: words.join(' '), shared: !own,
    // Source NAT goes last, as Docker's does: an administrator's own SNAT wins.
    first: !own && chain !== 'POSTROUTING',
  };
}

export const keyOf = (line: Line): string => `${line.table} ${line.chain} ${line.text}`;

/** What iptables-save says, as far as we need it: chains and rules of each table, in order. */
export interface Saved {
  readonly chains: ReadonlySet<string>;
  readonly rules: readonly { readonly table: Table; readonly chain: string; readonly text: string }[];
  readonly tables: ReadonlySet<string>;
  /** Tables that hold a rule, a chain of someone's, or a policy other than ACCEPT. */
  readonly used: ReadonlySet<string>;
  /** The policy of FORWARD isn't ACCEPT. */
  readonly closed: boolean;
}

/** Chains are named `TABLE CHAIN`. */
export function parseSave(text: string): Saved {
  const chains = new Set<string>();
  const seen = new Set<string>();
  const used = new Set<string>();
  const rules: { table: Table; chain: string; text: string }[] = [];
  let table = '';
  let closed = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1);
      seen.add(table);
    } else if (line.startsWith(':')) {
      const [name = '', policy = ''] = line.slice(1).split(' ');
      chains.add(`${table} ${name}`);
      if (policy !== 'ACCEPT') used.add(table);
      if (table === 'filter' && name === 'FORWARD') closed = policy !== 'ACCEPT';
    } else if (line.startsWith('-A ')) {
      used.add(table);
      const space = line.indexOf(' ', 3);
      const known = tables.find((candidate) => candidate === table);
      if (known) rules.push({ table: known, chain: line.slice(3, space), text: line.slice(space + 1) });
    }
  }
  return { chains, rules, tables: seen, used, closed };
}

const batch = (parts: ReadonlyMap<Table, readonly string[]>): string =>
  tables.flatMap((table) => {
    const lines = parts.get(table) ?? [];
    return lines.length === 0 ? [] : [`*${table}`, ...lines, 'COMMIT', ''];
  }).join('\n');

function byTable(): Map<Table, string[]> {
  return new Map(tables.map((table) => [table, []]));
}

/**
 * The whole state, whatever stood before: our rules are taken out of the shared chains by what `saved` shows, our own
 * chains are emptied and filled. Each table changes in one step. The user's chain is made where missing, never emptied.
 * `closed` turns the policy of FORWARD to DROP.
 */
export function renderWhole(lines: readonly Line[], saved: Saved, owner: Owner, closed: boolean): string {
  const parts = byTable();
  const to = (table: Table): string[] => parts.get(table) ?? [];
  if (closed) to('filter').push(':FORWARD DROP [0:0]');
  for (const [chain, table] of Object.entries(ownChains) as [OwnChain, Table][]) {
    const name = chainName(chain, owner);
    if (chain !== 'user' || !saved.chains.has(`${table} ${name}`)) to(table).push(`:${name} - [0:0]`);
  }
  for (const rule of saved.rules) {
    if (isMarked(rule, owner)) to(rule.table).push(`-D ${rule.chain} ${rule.text}`);
  }
  // Reversed, because each insertion goes before the one above it.
  const inFront = lines.filter(({ first }) => first).toReversed();
  for (const line of inFront) to(line.table).push(`-I ${line.chain} 1 ${line.text}`);
  for (const line of lines) if (!line.first) to(line.table).push(`-A ${line.chain} ${line.text}`);
  return batch(parts);
}

/** Rules of ours in chains that we share. Those of our own chains go with them. */
function isMarked(rule: { table: Table; chain: string; text: string }, owner: Owner): boolean {
  const own = (Object.keys(ownChains) as OwnChain[]).some((chain) => chainName(chain, owner) === rule.chain);
  return !own && rule.text.includes(`--comment "${markOf(owner)}"`);
}

/**
 * The step from one known state to the next: what went is deleted, what came is added at its chain's end. `-C` on our
 * hooks makes the kernel's word the truth: where one is missing the batch fails, and the whole is rendered. undefined:
 * a hook itself comes or goes, which only the whole can do.
 */
export function renderDifference(before: readonly Line[], after: readonly Line[]): string | undefined {
  const had = new Set(before.map(keyOf));
  const wanted = new Set(after.map(keyOf));
  const gone = before.filter((line) => !wanted.has(keyOf(line)));
  const come = after.filter((line) => !had.has(keyOf(line)));
  if (gone.length === 0 && come.length === 0) return '';
  if ([...gone, ...come].some(({ first }) => first)) return undefined;
  const parts = byTable();
  const touched = new Set([...gone, ...come].map(({ table }) => table));
  for (const line of after) if (line.first && touched.has(line.table)) parts.get(line.table)?.push(`-C ${line.chain} ${line.text}`);
  for (const line of gone) parts.get(line.table)?.push(`-D ${line.chain} ${line.text}`);
  for (const line of come) parts.get(line.table)?.push(`-A ${line.chain} ${line.text}`);
  return batch(parts);
}

/**
 * Takes out everything of ours. The user's chain stays if the machine's owner has put something into it. `open` gives
 * FORWARD its policy back.
 */
export function renderRemoval(saved: Saved, owner: Owner, open: boolean): string {
  const parts = byTable();
  const to = (table: Table): string[] => parts.get(table) ?? [];
  if (open && saved.chains.has('filter FORWARD')) to('filter').push(':FORWARD ACCEPT [0:0]');
  for (const rule of saved.rules) if (isMarked(rule, owner)) to(rule.table).push(`-D ${rule.chain} ${rule.text}`);
  for (const [chain, table] of Object.entries(ownChains) as [OwnChain, Table][]) {
    const name = chainName(chain, owner);
    if (!saved.chains.has(`${table} ${name}`)) continue;
    if (chain === 'user' && saved.rules.some((rule) => rule.table === table && rule.chain === name)) continue;
    to(table).push(`-F ${name}`, `-X ${name}`);
  }
  return batch(parts);
}

/** Of these tables, those that hold nothing any more. */
export const emptyTables = (saved: Saved, candidates: readonly string[]): string[] =>
  candidates.filter((table) => saved.tables.has(table) && !saved.used.has(table));
