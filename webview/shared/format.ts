/**
 * Numbers as people read them on pages. Pure; every number on screen goes through here so that they look alike. Integers, which the
 * host writes too, are protocol/numbers.ts.
 */
import { formatInteger } from '../../src/protocol/numbers';

/** An attention weight, or a difference of two: three decimals, or powers of ten when it is too small for them. */
export function formatWeight(weight: number): string {
  if (weight === 0) return '0';
  const size = Math.abs(weight);
  const text = size < 0.001 ? size.toExponential(1).replace('e-', 'e−') : size.toFixed(3);
  return weight < 0 ? `−${text}` : text;
}

/** A weight on a legend: powers of ten below a hundredth, else as few digits as it needs. */
export function formatTick(weight: number): string {
  if (weight === 0 || weight >= 0.01) return String(Number(weight.toPrecision(2)));
  const exponent = Math.round(-Math.log10(weight));
  return `10⁻${Array.from(String(exponent), (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit))).join('')}`;
}

/** A number with a real minus sign, without "-0.00". */
export function formatNumber(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Relative change as "−75 %". */
export function formatChange(from: number, to: number): string {
  const percent = Math.round((to / from - 1) * 100);
  return `${percent < 0 ? '−' : percent > 0 ? '+' : '±'}${Math.abs(percent)}\u202f%`;
}

/** A share as "36 %". */
export function formatPercent(share: number, digits = 0): string {
  const percent = share * 100;
  return `${Math.abs(percent) >= 1000 ? formatInteger(percent) : formatNumber(percent, digits)}\u202f%`;
}

/** A loss in nats, or a dash where a text is too short to have one. */
export function formatLoss(loss: number | null): string {
  return loss === null ? '–' : loss.toFixed(3);
}

/** A perplexity: one decimal below a thousand, whole above. */
export function formatPerplexity(perplexity: number | null): string {
  if (perplexity === null) return '–';
  return perplexity < 1000 ? perplexity.toFixed(1) : formatInteger(perplexity);
}

/** A time of a few milliseconds with three digits, or a dash where it was not taken. */
export function formatMilliseconds(milliseconds: number | null): string {
  return milliseconds === null ? '–' : `${Number(milliseconds.toPrecision(3))}\u202fms`;
}

/** Milliseconds, or seconds from one second on. */
export function formatDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${formatInteger(milliseconds)}\u202fms` : `${(milliseconds / 1000).toFixed(1)}\u202fs`;
}

/** 5870000 → "5.87 M". */
export function formatCount(count: number): string {
  return withUnit(count, 1000, ['', 'K', 'M', 'B', 'T']);
}

/** Bytes with binary units: 6144 → "6 KiB". */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
}

/** Three digits at most, and no zeros behind the point. */
function withUnit(value: number, step: number, units: readonly string[]): string {
  const power = Math.max(
    0,
    units.findLastIndex((_, place) => value >= step ** place),
  );
  const scaled = value / step ** power;
  const digits = scaled >= 100 ? Math.round(scaled) : Number(scaled.toPrecision(3));
  return units[power] === '' ? String(digits) : `${digits}\u202f${units[power] ?? ''}`;
}

/** Any number with five digits at most, by powers of ten where it is very large or small. */
export function formatValue(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 1e6 || size < 1e-4
      ? size.toExponential(3).replace('e-', 'e−').replace('e+', 'e')
      : String(Number(size.toPrecision(5)));
  return value < 0 ? `−${text}` : text;
}
