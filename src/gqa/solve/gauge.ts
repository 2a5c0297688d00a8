/**
 * The gauge of a head: the changes of basis that leave the model's function as it is.
 * Role: says which rows of a head may be turned together, and refuses by name where the structure forbids it. The turning
 * is align.ts; the source is METHODS' "two gauges leave the model's function unchanged".
 */
import { positionOf } from '../../model/specFacts';
import type { ModelSpec } from '../../model/spec';

/** Two rows of a head that form a rotary plane. */
export type Plane = readonly [first: number, second: number];

/** What may be done to the rows of a head's projection, together with the projection that reads it. */
export interface Gauge {
  /** Planes that may each turn by an angle (and scale): all that commutes with rotary embeddings. */
  planes: readonly Plane[];
  /** Rows that may be mixed by any invertible map. */
  free: readonly number[];
  /** Rows that nothing may be done to: the model's structure forbids it. */
  fixed: readonly number[];
}

const rowsOf = (count: number, first = 0): number[] => Array.from({ length: count }, (_, row) => first + row);

/**
 * What keeps the keys of a model from being turned, in words; null where they may be. Soft caps, sinks, windows and ALiBi
 * change scores after queries and keys have met, so they forbid nothing. A norm in between does: its gain belongs to single
 * rows, and scale is lost in it.
 */
export function keyGaugeForbiddenBy({ queryKeyNorm }: Pick<ModelSpec, 'queryKeyNorm'>): string | null {
  return queryKeyNorm === undefined ? null : 'queries and keys are normalised after their projection (qk-norm)';
}

/** The gauge of K and Q: planes where rotary embeddings turn the rows, any map elsewhere, nothing under qk-norm. */
export function keyGauge(spec: ModelSpec, layer: number): Gauge {
  const { K } = spec;
  if (keyGaugeForbiddenBy(spec) !== null) return { planes: [], free: [], fixed: rowsOf(K) };
  const position = positionOf(spec, layer);
  if (position.kind !== 'rotary') return valueGauge({ K });
  const { layout, rotaryDim } = position;
  const planes = rowsOf(rotaryDim / 2).map((plane): Plane =>
    layout === 'half' ? [plane, plane + rotaryDim / 2] : [2 * plane, 2 * plane + 1],
  );
  return { planes, free: rowsOf(K - rotaryDim, rotaryDim), fixed: [] };
}

/** The gauge of V and O: any map. */
export function valueGauge({ K }: Pick<ModelSpec, 'K'>): Gauge {
  return { planes: [], free: rowsOf(K), fixed: [] };
}
