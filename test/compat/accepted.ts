/** The differences that are accepted, each with its reason: test/compat/accepted.md, a table of three columns. */
export interface Accepted {
  /** A scenario's name; `*` stands for anything. */
  readonly scenario: string;
  /** A differing line, `-` before Docker's and `+` before Berth's; no sign: either. `*` stands for anything. */
  readonly line: string;
  readonly reason: string;
}

/** Throws where a row has no reason. */
export function parseAccepted(markdown: string): Accepted[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('| ') && !/^\| *(scenario|-)/.test(line));
  return rows.map((row) => {
    // A bar inside a cell is written \|
    const [, scenario = '', line = '', reason = ''] = row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
    if (!reason) throw new Error(`accepted.md: no reason in: ${row}`);
    return { scenario: bare(scenario), line: bare(line), reason };
  });
}

const bare = (cell: string): string => cell.replace(/^`+ ?|`+$/g, '');

const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(text);

export const covers = (entry: Accepted, scenario: string, line: string): boolean =>
  matches(entry.scenario, scenario)
  && matches(entry.line, /^[-+]/.test(entry.line) ? line : line.slice(1));

/** The lines of a unified diff that no entry covers, and the entries that were used. */
export function judge(diff: string, scenario: string, accepted: readonly Accepted[]): { open: string[]; used: Set<Accepted> } {
  const used = new Set<Accepted>();
  const open = diff.split('\n').filter((line) => {
    if (!/^[-+]/.test(line) || /^(---|\+\+\+) /.test(line)) return false;
    const covering = accepted.filter((entry) => covers(entry, scenario, line));
    for (const entry of covering) used.add(entry);
    return covering.length === 0;
  });
  return { open, used };
}

/** Entries for scenarios that ran, and that covered nothing: they are no longer true. */
export const stale = (accepted: readonly Accepted[], used: ReadonlySet<Accepted>, ran: readonly string[]): Accepted[] =>
  accepted.filter((entry) => !used.has(entry) && ran.some((name) => matches(entry.scenario, name)));
