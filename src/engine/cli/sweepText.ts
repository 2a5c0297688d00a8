/** A sweep's result as tables for people: methods by numbers of KV heads, one table a measure. */
import { noEncoderLoss } from '../../protocol/layers';
import type { SweepResult, SweepRow } from '../../protocol/sweep';
import { formatBytes, formatCount, table } from './text';

/** One measure as a table: its title, and how a row's value reads. */
interface Measure {
  title: string;
  cell: (row: SweepRow) => string;
}

const lossMeasure: Measure = { title: 'loss (nats)', cell: ({ loss }) => decimals(loss, 4) };

const qualities: readonly Measure[] = [
  lossMeasure,
  { title: 'KL (nats a token)', cell: ({ klMean }) => decimals(klMean, 4) },
  { title: 'top-1 agreement', cell: ({ top1Agreement }) => decimals(top1Agreement && top1Agreement * 100, 1, ' %') },
  {
    title: 'solved in',
    cell: ({ solveMilliseconds }) => decimals(solveMilliseconds && solveMilliseconds / 1000, 1, ' s'),
  },
];

/** The same for every method. */
const sizes: readonly Measure[] = [
  { title: 'KV cache a token', cell: ({ kvCacheBytesPerToken: bytes }) => (bytes === null ? '' : formatBytes(bytes)) },
  { title: 'parameters', cell: ({ parameters }) => (parameters === null ? '' : formatCount(parameters)) },
];

const decoding: Measure = {
  title: 'decoding a token',
  cell: ({ millisecondsPerToken }) => decimals(millisecondsPerToken, 2, ' ms'),
};

/** Everything that a person wants to know of a sweep. */
export function describeSweep(result: SweepResult): string {
  const { model, text, calibration, rows, methods } = result;
  const solvedOn = methods.merges.concat(methods.groupings).some(({ needsText }) => needsText === true);
  const head = [
    `${model.name} · ${text.windows} window${text.windows === 1 ? '' : 's'} of ${text.windowSize} tokens of ${text.name}`,
    ...(solvedOn && calibration ? [`solved on ${calibration.tokens} tokens of ${calibration.name}`] : []),
    rows.find(({ adapter }) => adapter !== '')?.adapter ?? '',
  ].filter((line) => line !== '');
  const measured = rows.some(({ millisecondsPerToken }) => millisecondsPerToken !== null);
  const columns = [...new Set(rows.map(({ G }) => G))].sort((a, b) => b - a);
  // An encoder alone, the only model without a cache, on a text that is not masked.
  const lacksLoss = rows.length > 0 && rows.every((row) => row.kvCacheBytesPerToken === 0 && row.loss === null);
  const shown = qualities.filter((measure) => !lacksLoss || measure !== lossMeasure);
  const tables = [
    ...(lacksLoss ? [`No loss: ${noEncoderLoss}.`] : []),
    ...[...shown, ...(measured ? [decoding] : [])].map((measure) => byMethod(measure, rows, columns)),
    sizeTable(rows, columns),
  ];
  return [head.join(' · '), ...tables, ...failures(rows)].join('\n\n');
}

function byMethod({ title, cell }: Measure, rows: readonly SweepRow[], columns: readonly number[]): string {
  const names = [...new Set(rows.map((row) => nameOf(row, rows)))];
  const lines = names.map((name) => [
    name,
    ...columns.map((G) => {
      const row = rows.find((one) => one.G === G && nameOf(one, rows) === name);
      return row === undefined ? '' : row.error === null ? cell(row) : 'failed';
    }),
  ]);
  return table([[title, ...columns.map(String)], ...lines], `l${'r'.repeat(columns.length)}`);
}

function sizeTable(rows: readonly SweepRow[], columns: readonly number[]): string {
  const lines = sizes.map(({ title, cell }) => [
    title,
    ...columns.map((G) => {
      const row = rows.find((one) => one.G === G && one.error === null);
      return row === undefined ? '' : cell(row);
    }),
  ]);
  return table([['KV heads', ...columns.map(String)], ...lines], `l${'r'.repeat(columns.length)}`);
}

/** What the row is called: the merge, and the grouping where there are several. */
function nameOf({ grouping, merge }: SweepRow, rows: readonly SweepRow[]): string {
  if (grouping === null || merge === null) return 'original';
  const hasSeveral = rows.some((row) => row.grouping !== null && row.grouping !== grouping);
  return hasSeveral ? `${merge}, ${grouping}` : merge;
}

function failures(rows: readonly SweepRow[]): string[] {
  const lines = rows.flatMap((row) =>
    row.error === null ? [] : [`${nameOf(row, rows)} with ${row.G} KV heads failed: ${row.error}`],
  );
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function decimals(value: number | null, digits: number, unit = ''): string {
  return value === null ? '–' : `${value.toFixed(digits)}${unit}`;
}
