/** What a round gave, by peer's name. */
export type Samples = ReadonlyMap<string, readonly number[]>;

export interface Result {
  readonly medians: ReadonlyMap<string, number>;
  /** Berth against the other, pair by pair, median; over 1 is better, whatever the unit. */
  readonly ratios: ReadonlyMap<string, number>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Takes turns (A B A B …), so that a machine whose speed drifts drifts for all, after one round that doesn't count. A
 * way to measure that throws ends the bench: a figure of a failed command is none.
 */
export async function inTurns(
  ways: ReadonlyMap<string, () => Promise<number>>, rounds: number, warmUp = 1,
): Promise<Samples> {
  const samples = new Map([...ways.keys()].map((name) => [name, [] as number[]]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, measure] of ways) {
      const value = await measure();
      if (round >= 0) samples.get(name)?.push(value);
    }
  }
  return samples;
}

export function compare(samples: Samples, better: 'less' | 'more', own = 'berth'): Result {
  const ours = samples.get(own) ?? [];
  const ratios = new Map<string, number>();
  for (const [name, theirs] of samples) {
    if (name === own) continue;
    ratios.set(name, median(ours.map((value, round) => better === 'less' ? theirs[round]! / value : value / theirs[round]!)));
  }
  return { medians: new Map([...samples].map(([name, values]) => [name, median(values)])), ratios };
}
