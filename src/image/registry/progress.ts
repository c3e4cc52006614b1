import { shortId, type Digest } from '../../model/ids.ts';
import type { Progress, ProgressLine } from '../stage.ts';

/** `43.01kB`, `21.92MB`: four significant digits, powers of 1000. */
export function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = Number((bytes / 1000 ** power).toPrecision(4));
  return value >= 1000 && power < units.length - 1 ? `${value / 1000}${units[power + 1]}` : `${value}${units[power]}`;
}

/** The bar that Docker's API sends beside the numbers: 50 columns. */
export function progressBar(current: number, total: number): string {
  if (current <= 0 && total <= 0) return '';
  const now = humanSize(current).padStart(8);
  if (total <= 0) return now;
  const done = Math.min(Math.floor(Math.floor((current / total) * 100) / 2), 50);
  const numbers = current > total ? now : `${now}/${humanSize(total)}`;
  return `[${'='.repeat(done)}>${' '.repeat(50 - done)}] ${numbers}`;
}

export const counted = (status: string, id: string, current: number, total: number): ProgressLine => ({
  status,
  progressDetail: total > 0 ? { current, total } : { current },
  progress: progressBar(current, total),
  id,
});

/** Milliseconds between two counts of one layer. */
const rate = 100;

/** The lines of one layer: states as they come, counts at most ten times a second. */
export class LayerLines {
  readonly id: string;
  readonly #tell: Progress;
  #last = 0;

  constructor(digest: Digest, tell: Progress) {
    this.id = shortId(digest);
    this.#tell = tell;
  }

  state(status: string): void {
    this.#last = 0;
    this.#tell({ status, progressDetail: {}, id: this.id });
  }

  count(status: string, current: number, total: number): void {
    const now = performance.now();
    if (now - this.#last < rate && current < total) return;
    this.#last = now;
    this.#tell(counted(status, this.id, current, total));
  }
}
