/**
 * A layer of random heads in a real model's place: what similarities are held against.
 * Role: seeded Gaussian projections of the real ones' shapes and sizes, the same in every layer. Everything else, such as
 * norms, is the real model's.
 */
import { kvHeadsOf } from '../model/specFacts';
import type { LayerRole, Role } from '../model/roles';
import type { ModelSpec } from '../model/spec';
import type { Weight, WeightSource } from '../model/weightSource';
import { quietTask } from '../protocol/tasks';
import { pace } from './pace';
import { gaussianRandom } from './random';

/** Numbers drawn between two pauses: some 10 ms. */
const drawsBetweenPauses = 200_000;

type Shape = (spec: ModelSpec, kvHeads: number) => [rows: number, columns: number];

const queries: Shape = ({ H, K, D }) => [H * K, D];
const keys: Shape = ({ K, D }, kvHeads) => [kvHeads * K, D];
const biased =
  (shape: Shape): Shape =>
  (spec, kvHeads) => [shape(spec, kvHeads)[0], 1];

/** The projections that are drawn at random, and their shapes. The place in the list is the seed. */
const drawnRoles: readonly [LayerRole, Shape][] = [
  ['q.weight', queries],
  ['k.weight', keys],
  ['v.weight', keys],
  ['o.weight', ({ H, K, D }) => [D, H * K]],
  ['q.bias', biased(queries)],
  ['k.bias', biased(keys)],
  ['v.bias', biased(keys)],
];

/** A source whose attention projections in one layer are random. Only that layer counts as grouped. */
export class RandomLayer implements WeightSource {
  readonly spec: ModelSpec;
  private readonly kvHeads: number;

  /**
   * @param kvHeads KV heads to draw, each with the real number of query heads; absent: as many as the layer has
   * @param family of random numbers: sources of different families have nothing in common
   */
  constructor(
    private readonly real: WeightSource,
    layer: number,
    kvHeads?: number,
    private readonly family = 0,
  ) {
    const { spec } = real;
    const own = kvHeadsOf(spec, layer);
    this.kvHeads = kvHeads ?? own;
    this.spec = {
      ...spec,
      H: (spec.H / own) * this.kvHeads,
      G: this.kvHeads,
      layers: spec.layers.map((other, place) => ({ ...other, grouped: place === layer && other.grouped })),
    };
  }

  has(role: Role, layer: number | null): boolean {
    return this.real.has(role, layer);
  }

  async read(role: Role, layer: number | null, signal?: AbortSignal): Promise<Weight> {
    const seed = drawnRoles.findIndex(([drawn]) => drawn === role);
    const shape = drawnRoles[seed]?.[1](this.spec, this.kvHeads);
    const real = await this.real.read(role, layer, signal);
    if (shape === undefined) return real;
    // As large as the real one: the temperature of attention depends on it.
    const size = Math.sqrt(real.data.reduce((sum, value) => sum + value * value, 0) / real.data.length);
    return drawWeight(shape[0], shape[1], size, this.family * drawnRoles.length + seed + 1, signal);
  }

  async readRows(role: Role, layer: number | null, start: number, end: number, signal?: AbortSignal): Promise<Weight> {
    const { data, columns } = await this.read(role, layer, signal);
    return { data: data.slice(start * columns, end * columns), rows: end - start, columns };
  }
}

async function drawWeight(
  rows: number,
  columns: number,
  size: number,
  seed: number,
  signal?: AbortSignal,
): Promise<Weight> {
  const breathe = pace({ ...quietTask, ...(signal ? { signal } : {}) });
  const draw = gaussianRandom(seed);
  const data = new Float32Array(rows * columns);
  for (let index = 0; index < data.length; index += 1) {
    if (index % drawsBetweenPauses === 0) await breathe();
    data[index] = size * draw();
  }
  return { data, rows, columns };
}
