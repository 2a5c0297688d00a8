/**
 * A sweep as a table for spreadsheets: one line a row, with what it was measured on in each, so that tables of several
 * sweeps can be put under each other.
 * Role: the columns. Quoting and parsing are d3's.
 */
import { csvFormat, csvParse, type DSVRowString } from 'd3';
import type { SweepResult, SweepRow } from '../../protocol/sweep';
import { isIdentity, isRow, numberFields, type SavedSweep } from './saved';

/** Columns of each line, in this order. */
const columns = [
  ...['model', 'G', 'grouping', 'merge', ...numberFields],
  ...['error', 'text', 'tokens', 'windows', 'windowSize', 'calibratedOn', 'adapter'],
  ...['version', 'modelHash', 'textHash', 'calibrationHash'],
];

/** The result's rows as CSV; empty cells where there is nothing. */
export function toCsv({ model, text, calibration, identity, rows }: SweepResult): string {
  const common = {
    model: model.name,
    text: text.name,
    ...{ tokens: text.tokens, windows: text.windows, windowSize: text.windowSize },
    calibratedOn: calibration === null ? null : `${calibration.tokens} tokens of ${calibration.name}`,
    version: identity.version,
    modelHash: identity.model,
    textHash: identity.text,
    calibrationHash: identity.calibration,
  };
  const lines = rows.map((row) => ({ ...common, ...row }));
  return `${csvFormat(lines, columns as (keyof (typeof lines)[number])[])}\n`;
}

/** Reads what toCsv wrote; null when the text is anything else, or holds lines of more than one sweep. */
export function fromCsv(text: string): SavedSweep | null {
  const lines = csvParse(text.trimEnd());
  const [first] = lines;
  if (columns.some((column) => !lines.columns.includes(column))) return null;
  if (!first) return { identity: null, rows: [] };
  const { version, modelHash, textHash } = first;
  const identity: unknown = { version, model: modelHash, text: textHash, calibration: orNull(first.calibrationHash) };
  const parts = ['version', 'modelHash', 'textHash', 'calibrationHash'];
  const isOne = lines.every((line) => parts.every((part) => line[part] === first[part]));
  const rows = lines.map(toRow);
  return isOne && isIdentity(identity) && rows.every(isRow) ? { identity, rows } : null;
}

function toRow(line: DSVRowString): Partial<Record<keyof SweepRow, unknown>> {
  const numbers = numberFields.map((name) => {
    const cell = orNull(line[name]);
    return [name, cell === null ? null : toNumber(cell)] as const;
  });
  return {
    G: toNumber(line.G ?? ''),
    grouping: orNull(line.grouping),
    merge: orNull(line.merge),
    ...Object.fromEntries(numbers),
    adapter: line.adapter,
    error: orNull(line.error),
  };
}

/** What is no number stays text, so that the row is refused. */
function toNumber(cell: string): number | string {
  return cell.trim() === '' || Number.isNaN(Number(cell)) ? cell : Number(cell);
}

function orNull(cell: string | undefined): string | null {
  return cell === undefined || cell === '' ? null : cell;
}
