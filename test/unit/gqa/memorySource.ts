// A weight source of seeded random weights for tests of the core: no files, any shape.
import { decoderLayers } from '../../../src/model/families/family';
import { gaussianRandom } from '../../../src/gqa/random';
import type { LayerRole, Role } from '../../../src/model/roles';
import type { ModelSpec, PositionSpec } from '../../../src/model/spec';
import type { Weight, WeightSource } from '../../../src/model/weightSource';

/** Rotary embeddings of the given kind; the frequencies do not matter to weights. */
export const rotary = (layout: 'half' | 'interleaved', rotaryDim: number): PositionSpec => ({
  kind: 'rotary',
  layout,
  rotaryDim,
  inverseFrequencies: new Float32Array(rotaryDim / 2),
  scale: 1,
});

export function makeSpec(changes: Partial<ModelSpec>): ModelSpec {
  const shape = { L: 2, D: 24, H: 8, G: 8, K: 6, F: 16, V: 40, ...changes };
  return {
    family: 'test',
    norm: { kind: 'rms', epsilon: 1e-5 },
    position: rotary('half', shape.K),
    mlp: { kind: 'gated', activation: 'silu' },
    maxPositions: null,
    tiedEmbeddings: false,
    endTokens: [],
    positionText: 'test',
    formatHasKvHeads: true,
    globals: {},
    layers: decoderLayers(shape.L, () => ({ scale: shape.K ** -0.5, weights: {} })),
    ...shape,
  };
}

/** Source of weights held in a map "role layer" -> weight. `reads` lists what was read, in order. */
export class MemorySource implements WeightSource {
  readonly reads: string[] = [];

  constructor(
    readonly spec: ModelSpec,
    readonly weights: Map<string, Weight>,
  ) {}

  has(role: Role, layer: number | null): boolean {
    return this.weights.has(`${role} ${String(layer)}`);
  }

  read(role: Role, layer: number | null): Promise<Weight> {
    const key = `${role} ${String(layer)}`;
    this.reads.push(key);
    const weight = this.weights.get(key);
    return weight === undefined ? Promise.reject(new Error(`no ${key}`)) : Promise.resolve(weight);
  }

  async readRows(role: Role, layer: number | null, start: number, end: number): Promise<Weight> {
    const { data, columns } = await this.read(role, layer);
    return { data: data.slice(start * columns, end * columns), rows: end - start, columns };
  }
}

export function randomWeight(rows: number, columns: number, seed: number): Weight {
  const draw = gaussianRandom(seed);
  return { data: Float32Array.from({ length: rows * columns }, draw), rows, columns };
}

/** All attention weights, with k and v biases when asked for, and the token embeddings. */
export function randomSource(spec: ModelSpec, options: { biases: boolean } = { biases: false }): MemorySource {
  const { L, D, H, G, K, V } = spec;
  const weights = new Map<string, Weight>([['embed.tokens null', randomWeight(V, D, 1)]]);
  const shapes: [LayerRole, number, number][] = [
    ['q.weight', H * K, D],
    ['k.weight', G * K, D],
    ['v.weight', G * K, D],
    ['o.weight', D, H * K],
    ['attention.norm.weight', D, 1],
    ...(options.biases
      ? ([
          ['k.bias', G * K, 1],
          ['v.bias', G * K, 1],
        ] satisfies [LayerRole, number, number][])
      : []),
  ];
  for (let layer = 0; layer < L; layer += 1) {
    shapes.forEach(([role, rows, columns], index) => {
      weights.set(`${role} ${layer}`, randomWeight(rows, columns, 100 * layer + index + 2));
    });
  }
  return new MemorySource(spec, weights);
}
