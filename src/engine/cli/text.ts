/**
 * Numbers and tables for people reading a terminal.
 * Role: layout of human-readable output. Machine-readable output is plain JSON and never passes through here.
 */

/** "7.3 M", "512": short counts with a decimal unit. */
export function formatCount(count: number): string {
  const units = ['', ' K', ' M', ' B', ' T'];
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return `${shortNumber(count / 1000 ** power)}${units[power] ?? ''}`;
}

/** "14.6 MiB", "6 KiB", "96 B": bytes with a binary unit. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${shortNumber(bytes / 1024 ** power)} ${units[power] ?? ''}`;
}

/** Three digits at most, and no zeros behind the point. */
function shortNumber(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}

/** "-75 %", "+3 %", "same": the change from `before` to `after`; "–" where there is nothing to compare. */
export function formatChange(before: number, after: number): string {
  const percent = Math.round((after / before - 1) * 100);
  if (Number.isNaN(percent)) return '–';
  if (percent === 0) return after === before ? 'same' : 'less than 1 % apart';
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

/** Lines of aligned columns. The first column is left-aligned, the others as `alignment` says: "l" or "r" a column. */
export function table(rows: readonly (readonly string[])[], alignment: string): string {
  const widths = Array.from(alignment, (_, column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return alignment[column] === 'r' ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A list of names and values, one a line. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  return table(rows, 'll');
}

/** A token list's text with line breaks made visible. */
export function visibleText(text: string): string {
  return text.replaceAll('\n', '↵');
}

/** A paragraph in lines of at most `width` characters. */
export function wrap(text: string, width = 118): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
