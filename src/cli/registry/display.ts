/** A pull or push at a terminal: a line for each layer, drawn anew in its place. */
import type { ProgressMessage } from '../../api/wire/docker.ts';
import { humanSize } from '../units.ts';

export interface LayerState {
  readonly id: string;
  readonly status: string;
  readonly current: number;
  readonly total: number;
  /** Milliseconds, when this status began, and how many bytes there were then. */
  readonly since: number;
  readonly from: number;
}

const barWidth = 30;
const done = new Set(['Pull complete', 'Already exists', 'Pushed', 'Layer already exists']);
export const isDone = ({ status }: LayerState): boolean => done.has(status) || status.startsWith('Mounted from');

/** What a message makes of a layer's state. */
export function nextState(before: LayerState | undefined, message: ProgressMessage, now: number): LayerState {
  const { id = '', status = '', progressDetail } = message;
  const current = progressDetail?.current ?? 0;
  const isSame = before?.status === status;
  return {
    id, status, current, total: progressDetail?.total ?? 0,
    since: isSame ? before.since : now, from: isSame ? before.from : current,
  };
}

/** `a1b2c3d4e5f6: Downloading [=====>      ]  3.2MB/9.1MB  1.6MB/s  4s left`, no wider than the terminal. */
export function layerLine({ id, status, current, total, since, from }: LayerState, columns: number, now: number): string {
  const plain = `${id}: ${status}`;
  if (total <= 0) return (current > 0 ? `${plain} ${humanSize(current)}` : plain).slice(0, columns);
  const part = Math.min(current / total, 1);
  const filled = Math.floor(part * barWidth);
  const bar = `[${'='.repeat(filled)}${filled < barWidth ? '>' : ''}${' '.repeat(Math.max(0, barWidth - filled - 1))}]`;
  const seconds = (now - since) / 1000;
  const rate = seconds > 0.3 && current > from ? (current - from) / seconds : 0;
  const left = rate > 0 && current < total ? `  ${duration((total - current) / rate)} left` : '';
  const line = `${plain.padEnd(id.length + 14)} ${bar} ${humanSize(current)}/${humanSize(total)}`
    + (rate > 0 ? `  ${humanSize(rate)}/s${left}` : '');
  return line.slice(0, columns);
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h${Math.floor((whole % 3600) / 60)}m`;
}

/** The lines that fit: where there are too many, those that are through become a count. */
export function screen(layers: readonly LayerState[], columns: number, rows: number, now: number): string[] {
  if (layers.length <= rows) return layers.map((layer) => layerLine(layer, columns, now));
  const open = layers.filter((layer) => !isDone(layer));
  const shown = open.slice(0, Math.max(1, rows - 1));
  const more = open.length > shown.length ? `, ${open.length - shown.length} more to come` : '';
  return [
    `${layers.length - open.length} of ${layers.length} layers are through${more}`.slice(0, columns),
    ...shown.map((layer) => layerLine(layer, columns, now)),
  ];
}

/** Milliseconds between two drawings. */
const rate = 80;

export class LiveDisplay {
  readonly #out: NodeJS.WriteStream;
  readonly #layers = new Map<string, LayerState>();
  #drawn = 0;
  #last = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(message: ProgressMessage): void {
    const now = performance.now();
    // A tag is an id too: `latest: Pulling from library/web`.
    if (message.id !== undefined && !message.status?.startsWith('Pulling from ')) {
      this.#layers.set(message.id, nextState(this.#layers.get(message.id), message, now));
      this.#soon(now);
      return;
    }
    if (message.status === undefined && message.stream === undefined) return;
    const text = message.stream ?? `${message.id === undefined ? '' : `${message.id}: `}${message.status}\n`;
    this.#draw(now);
    // Lines of layers that are above stay there; a next image begins below.
    this.#drawn = 0;
    this.#layers.clear();
    this.#out.write(text);
  }

  /** The last drawing. */
  end(): void {
    if (this.#layers.size > 0) this.#draw(performance.now());
  }

  #soon(now: number): void {
    if (now - this.#last >= rate) this.#draw(now);
    else this.#timer ??= setTimeout(() => this.#draw(performance.now()), rate).unref();
  }

  #draw(now: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = now;
    if (this.#layers.size === 0) return;
    // Some terminals tell no size: 0.
    const columns = (this.#out.columns || 80) - 1;
    const rows = Math.max(2, (this.#out.rows || 24) - 3);
    const lines = screen([...this.#layers.values()], columns, rows, now);
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    // Fewer lines than before: the rest is wiped.
    this.#out.write(`${up}${lines.map((line) => `\x1b[2K${line}\r\n`).join('')}\x1b[0J`);
    this.#drawn = lines.length;
  }
}
