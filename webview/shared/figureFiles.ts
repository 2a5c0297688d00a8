/** The numbers of a figure as the text of a file: CSV for spreadsheets, JSON with what the figure is of. Pure. */
import type { FigureNumbers, FigureOrigin, FigureValue } from './figureNumbers';

/** CSV after RFC 4180: a header line, every number with all its digits, nothing where there is none. */
export function csvText({ columns, rows }: FigureNumbers): string {
  return [columns, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

function csvField(value: FigureValue): string {
  if (value === null || Number.isNaN(value)) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** JSON: what the figure is and of what, then a line a row. */
export function jsonText({ title, columns, rows }: FigureNumbers, origin: FigureOrigin): string {
  const head = JSON.stringify({ title, ...origin, columns }, null, 2).slice(0, -2);
  return `${head},\n  "rows": [\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]\n}\n`;
}

/** A name for the file of a figure: model, figure, layer. Without what file systems refuse. */
export function fileName(figure: string, { model, layer }: FigureOrigin): string {
  const parts = [model, figure, ...(layer === null ? [] : [layer])];
  return parts
    .map((part) => part.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, ''))
    .filter((part) => part !== '')
    .join('-');
}
