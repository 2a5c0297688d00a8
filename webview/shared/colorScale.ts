/**
 * Colours of numbers: the sequential ramp of maps and matrices, and the 256-entry tables that maps are drawn with.
 * Role: pure arithmetic on codes and colours. The group colours are CSS variables (palette.css), never made here.
 */
import { t } from '@vscode/l10n';
import { interpolateInferno, rgb } from 'd3';
import type { ColorScale } from '../../src/protocol/views';
import { CODE_WEIGHTS, codeOfWeight, weightOfCode } from './attentionCode';

/** Lookup of packed pixels (little-endian RGBA, as ImageData wants them) by attention code. */
export type PixelTable = Uint32Array;

/** Which codes the ends of the ramp stand for, and how colours run between them. */
export interface MapScale {
  kind: ColorScale;
  /** Code of the lowest colour; linear and root scales start at weight 0 whatever it is. */
  low: number;
  /** Code of the highest colour. */
  high: number;
}

/** The scales that are offered for maps. */
export const colorScales: readonly { value: ColorScale; title: string; description: string }[] = [
  { value: 'linear', title: t('Linear'), description: t('Colour follows the weight') },
  {
    value: 'sqrt',
    title: t('Root'),
    description: t('Colour follows the square root of the weight: between linear and log'),
  },
  { value: 'log', title: t('Log'), description: t('Colour follows the order of magnitude: small weights show') },
];

/** The scale of a control's value. */
export function colorScaleOf(value: string): ColorScale {
  return colorScales.find((scale) => scale.value === value)?.value ?? 'log';
}

/** Share of the cells that may fall below the lowest colour of a log scale: outliers would eat the ramp. */
const LOG_CUT = 0.1;
/** Share of the cells that may exceed the highest colour of a log scale: the sink and the diagonal are few. */
const LOG_TOP_CUT = 0.004;
/** A log scale spans at least this many codes (a factor of 16), or noise would look like structure. */
const LOG_MINIMUM_SPAN = 48;

/**
 * Fits a scale to the cells that are drawn with it.
 * @param histogram [256] how often each code occurs (addToHistogram)
 */
export function fitScale(histogram: Uint32Array, kind: ColorScale): MapScale {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const cut = kind === 'log' ? total * LOG_TOP_CUT : 0;
  let high = 255;
  for (let above = histogram[255] ?? 0; above <= cut && high > 1; above += histogram[high] ?? 0) high--;
  let low = 0;
  for (let below = histogram[0] ?? 0; below <= total * LOG_CUT && low < high; below += histogram[low] ?? 0) low++;
  return { kind, low: Math.max(1, Math.min(low, high - LOG_MINIMUM_SPAN)), high };
}

/** Where a weight lies on a scale's ramp, 0 to 1. */
export function positionOnScale(scale: MapScale, weight: number): number {
  return Math.min(1, Math.max(0, positionWithin(scale, weight)));
}

function positionWithin({ kind, low, high }: MapScale, weight: number): number {
  if (kind === 'log') return (codeOfWeight(weight) - low) / (high - low);
  const share = weight / weightOfCode(high);
  return kind === 'sqrt' ? Math.sqrt(share) : share;
}

/**
 * The sequential ramp: perceptually even, lightness runs away from the background so that more is always more visible.
 * Dark themes go from deep purple to pale yellow, light themes from pale yellow to deep purple.
 * @returns a CSS colour
 */
export function sequentialColor(position: number, dark: boolean): string {
  const t = Math.min(1, Math.max(0, position));
  return interpolateInferno(dark ? 0.1 + 0.88 * t : 0.985 - 0.82 * t);
}

/** [256] the pixel of every code under a scale. Code 0 gets the lowest colour; masked cells are left to the drawer. */
export function pixelTable(scale: MapScale, dark: boolean): PixelTable {
  const table = new Uint32Array(256);
  for (let code = 0; code < 256; code++) {
    table[code] = packColor(sequentialColor(positionOnScale(scale, CODE_WEIGHTS[code] ?? 0), dark), 1);
  }
  return table;
}

/** A table whose colours are seen through: for a column that is shown but not part of the scale. */
export function fadedTable(table: PixelTable, opacity: number): PixelTable {
  const alpha = Math.round(opacity * 255);
  return table.map((pixel) => ((pixel & 0x00ffffff) | (alpha << 24)) >>> 0);
}

/** Packs a CSS colour into a little-endian RGBA pixel. */
export function packColor(color: string, opacity: number): number {
  const { r, g, b } = rgb(color);
  return ((Math.round(opacity * 255) << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
}

/** Round weights worth a tick on a scale's legend, with their place on the ramp, from low to high. */
export function scaleTicks(scale: MapScale): { weight: number; position: number }[] {
  const top = weightOfCode(scale.high);
  const candidates =
    scale.kind !== 'log'
      ? [0, scale.kind === 'sqrt' ? top / 4 : top / 2, top]
      : [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1].filter((weight) => weight >= weightOfCode(scale.low) && weight <= top);
  return candidates.map((weight) => ({ weight, position: positionOnScale(scale, weight) }));
}
