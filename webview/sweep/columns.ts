/**
 * The numbers of a row with their names: columns of the table, lines of the card beside the pointer. Pure.
 */
import { t } from '@vscode/l10n';
import type { SweepRow } from '../../src/protocol/sweep';
import { formatDuration, formatPerplexity } from '../shared/format';
import { formatInteger } from '../../src/protocol/numbers';
import { measures } from './lines';

export interface Column {
  id: string;
  title: string;
  /** In more words, as a tool tip. */
  description: string;
  /** Of the value, where it has one. */
  unit: string;
  value: (row: SweepRow) => number | null;
  format: (value: number) => string;
  /** Shown beside the pointer too. */
  inCard: boolean;
  /** Which is better, where methods differ in it. */
  better?: 'lower' | 'higher';
}

/** Every number of a row, in the order of the table. */
export const columns: readonly Column[] = [
  {
    id: 'heads',
    title: t('KV heads'),
    description: t('Key/value heads after conversion'),
    unit: '',
    value: ({ G }) => G,
    format: formatInteger,
    inCard: false,
  },
  {
    id: 'loss',
    title: t('Loss'),
    description: t('Mean next-token cross-entropy, in nats'),
    unit: 'nats a token',
    value: measures.loss.value,
    format: measures.loss.format,
    inCard: true,
    better: 'lower',
  },
  {
    id: 'perplexity',
    title: t('Perplexity'),
    description: t('e to the loss'),
    unit: '',
    value: ({ perplexity }) => perplexity,
    format: formatPerplexity,
    inCard: true,
  },
  {
    id: 'kl',
    title: 'KL',
    description: t('Mean KL(original ‖ converted), in nats a token'),
    unit: 'nats a token',
    value: measures.kl.value,
    format: measures.kl.format,
    inCard: true,
    better: 'lower',
  },
  {
    id: 'top1',
    title: t('Same top token'),
    description: t('Share of positions with the same most probable next token as the original'),
    unit: 'share',
    value: measures.top1.value,
    format: measures.top1.format,
    inCard: true,
    better: 'higher',
  },
  {
    id: 'cache',
    title: t('KV cache'),
    description: t('Bytes of KV cache a token'),
    unit: 'bytes a token',
    value: ({ kvCacheBytesPerToken }) => kvCacheBytesPerToken,
    format: (value) => `${formatInteger(value)} B`,
    inCard: true,
  },
  {
    id: 'parameters',
    title: t('Parameters'),
    description: t('Numbers that the model consists of'),
    unit: '',
    value: ({ parameters }) => parameters,
    format: formatInteger,
    inCard: true,
  },
  {
    id: 'time',
    title: t('Decode time'),
    description: t('Median time of a decoded token on this adapter'),
    unit: 'milliseconds',
    value: measures.time.value,
    format: measures.time.format,
    inCard: true,
  },
  {
    id: 'solving',
    title: t('Solved in'),
    description: t('Time that grouping and merging took'),
    unit: 'milliseconds',
    value: ({ merge, solveMilliseconds }) => (merge === null ? null : solveMilliseconds),
    format: formatDuration,
    inCard: true,
  },
];

/** The columns in which any row has a number, and those that every sweep comes to have. */
export function usedColumns(rows: readonly SweepRow[]): Column[] {
  return columns.filter(({ id, value }) => id === 'heads' || id === 'loss' || rows.some((row) => value(row) !== null));
}

/** Rows by a column, those without a number last; as they are where there is no such column. */
export function sortRows(rows: readonly SweepRow[], sortBy: string, descending: boolean): SweepRow[] {
  const column = columns.find(({ id }) => id === sortBy);
  if (column === undefined) return [...rows];
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [one, other] = [column.value(a), column.value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * (one - other);
  });
}

/** Whether no conversion with as many KV heads has a better number in a column. */
export function isBest({ better, value }: Column, row: SweepRow, rows: readonly SweepRow[]): boolean {
  const own = value(row);
  if (better === undefined || own === null || row.merge === null) return false;
  const rivals = rows.filter(({ G, merge }) => G === row.G && merge !== null).flatMap((other) => value(other) ?? []);
  return rivals.length > 1 && own === (better === 'lower' ? Math.min(...rivals) : Math.max(...rivals));
}
