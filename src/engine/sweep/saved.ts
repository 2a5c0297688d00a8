/**
 * A sweep's result as JSON, and the checks when it is read back: files are edited, cut off, or of another kind.
 * Role: values to text and back. Files are file.ts, tables are csv.ts, pages are html.ts.
 */
import { isObject } from '../../checkpoint/json';
import type { SweepIdentity, SweepResult, SweepRow } from '../../protocol/sweep';

/** What a later run needs of an earlier one. */
export interface SavedSweep {
  /** null where there are no rows that could be of another sweep. */
  identity: SweepIdentity | null;
  rows: SweepRow[];
}

/** Marks the JSON as ours. */
const mark = { format: 'gqa-lens-sweep', formatVersion: 1 };

/** The fields of a row that hold a number or null. */
export const numberFields = [
  'loss',
  'perplexity',
  'klMean',
  'top1Agreement',
  'kvCacheBytesPerToken',
  'parameters',
  'millisecondsPerToken',
  'solveMilliseconds',
  'measureMilliseconds',
] as const satisfies (keyof SweepRow)[];

/** The result as JSON that people can read. */
export function toJson(result: SweepResult): string {
  return `${JSON.stringify({ ...mark, ...result }, null, 2)}\n`;
}

/** Reads what toJson wrote; null when the text is anything else. */
export function fromJson(text: string): SweepResult | null {
  const value = parse(text);
  const isOurs = isObject(value) && value.format === mark.format && value.formatVersion === mark.formatVersion;
  return isOurs && isResult(value) ? value : null;
}

function isResult(value: object): value is SweepResult {
  const { identity, model, text, calibration, request, methods, rows, missing }: Partial<Record<string, unknown>> = {
    ...value,
  };
  return (
    isIdentity(identity) &&
    hasAll(model, { name: 'string', path: 'string', familyTitle: 'string', H: 'number', G: 'number' }) &&
    isTokens(text) &&
    (calibration === null || isTokens(calibration)) &&
    hasAll(request, { text: 'object', groups: 'object', timedTokens: 'number' }) &&
    hasAll(methods, { groupings: 'object', merges: 'object' }) &&
    Array.isArray(rows) &&
    rows.every(isRow) &&
    Array.isArray(missing) &&
    missing.every(isMethod)
  );
}

/** Whether a value is a finished row. */
export function isRow(value: unknown): value is SweepRow {
  if (!isMethod(value) || !hasAll(value, { adapter: 'string' })) return false;
  const row: Record<string, unknown> = { ...value };
  const isNumber = (field: unknown): boolean => field === null || typeof field === 'number';
  return numberFields.every((name) => isNumber(row[name])) && (row.error === null || typeof row.error === 'string');
}

/** Whether a value says which sweep rows belong to. */
export function isIdentity(value: unknown): value is SweepIdentity {
  return (
    hasAll(value, { version: 'string', model: 'string', text: 'string' }) &&
    (value.calibration === null || typeof value.calibration === 'string')
  );
}

function isMethod(value: unknown): value is Pick<SweepRow, 'G' | 'grouping' | 'merge'> {
  const isName = (name: unknown): boolean => name === null || typeof name === 'string';
  return hasAll(value, { G: 'number' }) && isName(value.grouping) && isName(value.merge);
}

function isTokens(value: unknown): boolean {
  return hasAll(value, { name: 'string', tokens: 'number', windows: 'number', windowSize: 'number' });
}

function hasAll(
  value: unknown,
  fields: Record<string, 'string' | 'number' | 'object'>,
): value is Record<string, unknown> {
  return (
    isObject(value) &&
    Object.entries(fields).every(([name, type]) => typeof value[name] === type && value[name] !== null)
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
