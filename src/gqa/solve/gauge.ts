/**
 * The gauge of a head: the changes of basis that leave the model's function as it is.
 * Role: says which rows of a head may be turned together, and refuses by name where the structure forbids it. The turning
 * is align.ts; the source is METHODS' "two gauges leave the model's function unchanged".
 */
import { positionOf, type ModelSpec } from '../../model/spec';

/** Two rows of a head that form a rotary plane. */
export type Plane = readonly [first: number, second: number];

/** What may be done to the rows of a head's projection, together with the projection that reads it. */
export interface Gauge {
  /** Planes that may each turn by an angle (and scale): all that commutes with rotary embeddings. */
  planes: readonly Plane[];
  /** Rows that may be mixed by any invertible map. */
  free: readonly number[];
}

/** The gauge of K and Q: planes where rotary embeddings turn the rows, any map elsewhere. */
export function keyGauge(spec: ModelSpec, layer: number): Gauge {
  const { K } = spec;
  const position = positionOf(spec, layer);
  if (position.kind !== 'rotary') return valueGauge({ K });
  const { layout, rotaryDim } = position;
  const planes = Array.from({ length: rotaryDim / 2 }, (_, plane): Plane =>
    layout === 'half' ? [plane, plane + rotaryDim / 2] : [2 * plane, 2 * plane + 1],
  );
  return { planes, free: Array.from({ length: K - rotaryDim }, (_, row) => rotaryDim + row) };
}

/** The gauge of V and O: any map. */
export function valueGauge({ K }: Pick<ModelSpec, 'K'>): Gauge {
  return { planes: [], free: Array.from({ length: K }, (_, row) => row) };
}
