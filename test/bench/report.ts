import { cpus, release, totalmem } from 'node:os';
import type { Figure } from './figures.ts';
import type { Result } from './measure.ts';

export interface Row {
  readonly figure: Figure;
  readonly result: Result;
}

const shown = (value: number | undefined): string =>
  value === undefined ? '–' : value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
const times = (ratio: number | undefined): string => (ratio === undefined ? '–' : `${ratio.toPrecision(3)} ×`);

/** One Markdown table: medians, and how many times better Berth is, pair by pair. */
export function markdown(rows: readonly Row[], versions: readonly string[]): string {
  const lines = [
    '# Speed beside Docker, podman and crun', '',
    `Made by \`make bench\` on ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}; ${versions.join(', ')}.`,
    'Engines in turn in one run, each in a world of its own; medians; ratios pair by pair (over 1: Berth is better). No absolute',
    'figure is a target; ratios are.', '',
    '| figure | unit | Berth | Docker | podman | crun | × Docker | × podman | × crun | target |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  for (const { figure, result } of rows) {
    const { medians, ratios } = result;
    const target = figure.target;
    const met = target && (ratios.get(target.peer) ?? 0) >= target.ratio;
    lines.push(`| ${[
      figure.name, figure.unit, ...['berth', 'docker', 'podman', 'crun'].map((name) => shown(medians.get(name))),
      ...['docker', 'podman', 'crun'].map((name) => times(ratios.get(name))),
      target ? `${times(target.ratio)} ${target.peer}: ${met ? 'met' : 'not met'}` : '–',
    ].join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

const escape = (text: string): string => text.replace(/[&<>`]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[letter] ?? '');

/** Bars of the ratios to Docker, on a scale of logarithms, with the target as a mark. */
export function picture(rows: readonly Row[]): string {
  const bars = rows.flatMap(({ figure, result }) => {
    const ratio = result.ratios.get('docker');
    return ratio === undefined ? [] : [{ name: figure.name, ratio, target: figure.target?.peer === 'docker' ? figure.target.ratio : undefined }];
  });
  const left = 420, width = 460, height = 26, top = 46;
  const scale = (ratio: number): number => (Math.log10(Math.max(ratio, 0.5) / 0.5) / Math.log10(200)) * width;
  const parts = bars.flatMap(({ name, ratio, target }, index) => {
    const y = top + index * height;
    return [
      `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${left}" y="${y + 2}" width="${scale(ratio).toFixed(1)}" height="16" fill="#2b6cb0"/>`,
      `<text x="${(left + scale(ratio) + 6).toFixed(1)}" y="${y + 14}">${ratio.toPrecision(3)} ×</text>`,
      ...(target ? [`<path d="M${(left + scale(target)).toFixed(1)} ${y}v20" stroke="#c05621" stroke-width="2"/>`] : []),
    ];
  });
  const total = top + bars.length * height + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="${total}" font-family="sans-serif" font-size="12">
<rect width="960" height="${total}" fill="white"/>
<text x="20" y="22" font-size="15">Berth beside Docker: how many times better (line: target; scale of logarithms)</text>
<path d="M${(left + scale(1)).toFixed(1)} ${top - 8}V${total - 10}" stroke="#999" stroke-dasharray="3 3"/>
${parts.join('\n')}
</svg>
`;
}
