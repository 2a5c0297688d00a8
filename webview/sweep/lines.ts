/**
 * What the plot of a sweep shows: its measures, its axes, and the rows as lines. Pure; drawing is plotLines.ts.
 */
import { t } from '@vscode/l10n';
import type { SweepMethod, SweepResult, SweepRow } from '../../src/protocol/sweep';
import type { SweepX, SweepY } from '../../src/protocol/sweepView';
import { formatDuration, formatNumber, formatPercent } from '../shared/format';
import { formatInteger } from '../../src/protocol/numbers';

/** A number of a row that can be drawn. */
export interface Measure {
  /** On the switch: "Loss". */
  name: string;
  /** Over the figure, in plain words. */
  title: string;
  unit: string;
  value: (row: SweepRow) => number | null;
  format: (value: number) => string;
  /** What the vertical axis must hold besides the values. */
  includes: number[];
}

/** What lies on the horizontal axis; the original is at the left, what is saved grows to the right. */
export interface Axis {
  name: string;
  /** Under the axis. */
  title: string;
  unit: string;
  scale: 'log2' | 'linear';
  value: (row: SweepRow) => number | null;
  format: (value: number) => string;
}

export const measures: Record<SweepY, Measure> = {
  loss: {
    name: t('Loss'),
    title: t('Loss after conversion: lower is better'),
    unit: t('nats a token'),
    value: ({ loss }) => loss,
    format: (value) => formatNumber(value, 3),
    includes: [],
  },
  kl: {
    name: 'KL',
    title: t('Divergence from the original (KL): lower is better'),
    unit: t('nats a token'),
    value: ({ klMean }) => klMean,
    format: (value) => formatNumber(value, 3),
    includes: [0],
  },
  top1: {
    name: t('Same top token'),
    title: t('Same most probable next token as the original: higher is better'),
    unit: t('of positions'),
    value: ({ top1Agreement }) => top1Agreement,
    format: (value) => formatPercent(value, 1),
    includes: [1],
  },
  time: {
    name: t('Decode time'),
    title: t('Time to decode a token: lower is better'),
    unit: 'milliseconds',
    value: ({ millisecondsPerToken }) => millisecondsPerToken,
    format: formatMilliseconds,
    includes: [0],
  },
};

export const axes: Record<SweepX, Axis> = {
  heads: {
    name: t('KV heads'),
    title: t('KV heads (fewer →)'),
    unit: 'heads',
    scale: 'log2',
    value: ({ G }) => G,
    format: formatInteger,
  },
  cache: {
    name: t('KV cache'),
    title: t('KV cache a token (less →)'),
    unit: 'bytes a token',
    scale: 'linear',
    value: ({ kvCacheBytesPerToken }) => kvCacheBytesPerToken,
    format: (value) => `${formatInteger(value)} B`,
  },
  time: {
    name: t('Decode time'),
    title: t('Time to decode a token (faster →)'),
    unit: 'milliseconds',
    scale: 'linear',
    value: ({ millisecondsPerToken }) => millisecondsPerToken,
    format: formatMilliseconds,
  },
};

/** One method's rows, from many KV heads to few. The original is where each line begins. */
export interface Line {
  key: string;
  /** "PCA", or "PCA · Strided" where there are several groupings. */
  title: string;
  /** What the method costs and promises. */
  description: string;
  /** Places among the sweep's merges (colour and marker) and groupings (dash). */
  merge: number;
  grouping: number;
  rows: SweepRow[];
}

/** A row's place in the plot. */
export interface Point {
  row: SweepRow;
  x: number;
  y: number;
}

/** A line with the places of its rows. */
export interface DrawnLine extends Line {
  points: Point[];
}

/** The row of the checkpoint as it is. */
export function originalOf(result: SweepResult): SweepRow | null {
  return result.rows.find(({ merge }) => merge === null) ?? null;
}

/** The rows that have numbers, as one line a method. */
export function linesOf(result: SweepResult): Line[] {
  const { merges, groupings } = result.methods;
  const original = originalOf(result);
  return merges.flatMap((merge, mergePlace) =>
    groupings.flatMap((grouping, groupingPlace) => {
      const rows = result.rows
        .filter((row) => row.merge === merge.id && row.grouping === grouping.id && row.error === null)
        .sort((a, b) => b.G - a.G);
      if (rows.length === 0) return [];
      return {
        key: `${merge.id}/${grouping.id}`,
        title: groupings.length > 1 ? `${merge.title} · ${grouping.title}` : merge.title,
        description: merge.description,
        merge: mergePlace,
        grouping: groupingPlace,
        rows: original === null ? rows : [original, ...rows],
      };
    }),
  );
}

/** Where a line's rows lie; rows that lack either number are left out. */
export function pointsOf(rows: readonly SweepRow[], x: SweepX, y: SweepY): Point[] {
  return rows.flatMap((row) => {
    const [across, up] = [axes[x].value(row), measures[y].value(row)];
    return across === null || up === null ? [] : [{ row, x: across, y: up }];
  });
}

/** What a method is called: "PCA · Strided", "Original". */
export function methodTitle({ merge, grouping }: SweepMethod, { methods }: SweepResult): string {
  if (merge === null || grouping === null) return t('Original');
  const title = methods.merges.find(({ id }) => id === merge)?.title ?? merge;
  const way = methods.groupings.find(({ id }) => id === grouping)?.title ?? grouping;
  return methods.groupings.length > 1 ? `${title} · ${way}` : title;
}

/** "MHA", "MQA" or "GQA-2", or "as opened" of a checkpoint that is grouped already. */
export function headsTitle(G: number, { H, G: sourceG }: { H: number; G: number }): string {
  if (G === H) return 'MHA';
  if (G === 1) return 'MQA';
  return G === sourceG ? t('GQA-{0}, as opened', G) : `GQA-${G}`;
}

/** Whether any row has a time: only then can times be drawn. */
export function isTimed({ rows }: SweepResult): boolean {
  return rows.some(({ millisecondsPerToken }) => millisecondsPerToken !== null);
}

/**
 * Moves labels apart that would overlap, as little as possible, in their order (isotonic regression by pooling).
 * @param wanted places in pixels, any order
 * @param gap pixels between neighbours
 * @param end largest place; the smallest is 0. Labels that need more room than there is run over it.
 */
export function spreadLabels(wanted: readonly number[], gap: number, end: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
  // In places minus rank · gap, "at least a gap apart" is "never falling".
  const pools: { sum: number; count: number }[] = [];
  order.forEach((index, rank) => {
    let pool = { sum: (wanted[index] ?? 0) - rank * gap, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: pool.sum + last.sum, count: pool.count + last.count };
    }
    pools.push(pool);
  });
  const latest = Math.max(0, end - (wanted.length - 1) * gap);
  const places = pools.flatMap(({ sum, count }) => {
    const place = Math.min(latest, Math.max(0, sum / count));
    return Array.from({ length: count }, () => place);
  });
  const result = wanted.map(() => 0);
  order.forEach((index, rank) => (result[index] = (places[rank] ?? 0) + rank * gap));
  return result;
}

function formatMilliseconds(value: number): string {
  return value < 100 ? `${formatNumber(value, value < 10 ? 2 : 1)}\u202fms` : formatDuration(value);
}

/** "1 KV head", "4 KV heads". */
export function countKvHeads(G: number): string {
  return G === 1 ? t('1 KV head') : t('{0} KV heads', G);
}
