/** OPT-350M's shape, of which there is no golden: embeddings of their own width and norms on the stream, against float64. */
import { expect, it } from 'vitest';
import { GpuWeights } from '../../src/model/gpuWeights';
import { continueGreedily } from '../../src/model/greedy';
import { keepRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { resolveModel } from '../../src/model/resolve';
import { expertOf, type GlobalRole, type LayerRole, type Role } from '../../src/model/roles';
import type { Weight, WeightSource } from '../../src/model/weightSource';
import { quietTask } from '../../src/protocol/tasks';
import { memoryCheckpoint } from '../unit/model/memoryCheckpoint';
import { relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { groupedAttention, product, randoms } from './support/reference';

const [L, D, E, H, F, V, T] = [2, 24, 14, 3, 40, 29, 16];

/** Headers as transformers writes them for such a model. */
function spec() {
  const shapes: Record<string, number[]> = {
    'model.decoder.embed_tokens.weight': [V, E],
    'model.decoder.embed_positions.weight': [T + 2, D],
    'model.decoder.project_in.weight': [D, E],
    'model.decoder.project_out.weight': [E, D],
  };
  for (let layer = 0; layer < L; layer++) {
    const at = `model.decoder.layers.${layer}.`;
    const linear = (name: string, out: number, columns: number): void => {
      shapes[`${at}${name}.weight`] = [out, columns];
      shapes[`${at}${name}.bias`] = [out];
    };
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) linear(`self_attn.${name}`, D, D);
    linear('fc1', F, D);
    linear('fc2', D, F);
    for (const name of ['self_attn_layer_norm', 'final_layer_norm']) {
      shapes[`${at}${name}.weight`] = [D];
      shapes[`${at}${name}.bias`] = [D];
    }
  }
  const config = {
    ...{ model_type: 'opt', num_hidden_layers: L, hidden_size: D, num_attention_heads: H, ffn_dim: F, vocab_size: V },
    ...{ word_embed_proj_dim: E, do_layer_norm_before: false, max_position_embeddings: T },
  };
  const checkpoint = memoryCheckpoint(null, shapes, config);
  return { spec: resolveModel(checkpoint), shapes };
}

/** Every tensor random, by the seed of its place in the list. */
class RandomSource implements WeightSource {
  private readonly described = spec();
  readonly spec = this.described.spec;

  has(role: Role, layer: number | null): boolean {
    return this.find(role, layer) !== undefined;
  }

  read(role: Role, layer: number | null): Promise<Weight> {
    const { tensor = '', outputs } = this.find(role, layer) ?? {};
    const [stored = 0, columns = 1] = this.described.shapes[tensor] ?? [];
    const data = randoms(Object.keys(this.described.shapes).indexOf(tensor), stored * columns);
    const offset = (outputs?.offset ?? 0) * columns;
    return Promise.resolve({ data: data.slice(offset), rows: stored - (outputs?.offset ?? 0), columns });
  }

  async readRows(role: Role, layer: number | null, start: number, end: number): Promise<Weight> {
    const { data, columns } = await this.read(role, layer);
    return { data: data.slice(start * columns, end * columns), rows: end - start, columns };
  }

  private find(role: Role, layer: number | null) {
    if (expertOf(role)) return undefined;
    if (layer === null) return this.spec.globals[role as GlobalRole];
    return this.spec.layers[layer]?.weights[role as LayerRole];
  }
}

/** Logits [S, V] in float64, written down from modeling_opt.py. */
async function reference(source: WeightSource, ids: readonly number[]): Promise<number[]> {
  const S = ids.length;
  const read = async (role: Role, layer: number | null = null) => (await source.read(role, layer)).data;
  const linear = async (
    x: number[],
    name: 'q' | 'k' | 'v' | 'o' | 'up' | 'down',
    layer: number,
    N: number,
    C: number,
  ) => {
    const bias = await read(`${name}.bias`, layer);
    return product(x, await read(`${name}.weight`, layer), S, N, C).map((y, at) => y + (bias[at % N] ?? NaN));
  };
  const norm = async (x: number[], role: 'attention.stream.norm' | 'mlp.stream.norm', layer: number) => {
    const [weight, bias] = [await read(`${role}.weight`, layer), await read(`${role}.bias`, layer)];
    return x.map((value, at) => {
      const row = x.slice(Math.floor(at / D) * D, (Math.floor(at / D) + 1) * D);
      const mean = row.reduce((sum, other) => sum + other, 0) / D;
      const variance = row.reduce((sum, other) => sum + (other - mean) ** 2, 0) / D;
      return ((value - mean) / Math.sqrt(variance + 1e-5)) * (weight[at % D] ?? NaN) + (bias[at % D] ?? NaN);
    });
  };
  const embeddings = await read('embed.tokens');
  const positions = await read('embed.positions');
  const tokens = ids.flatMap((id) => [...embeddings.subarray(id * E, (id + 1) * E)]);
  let x = product(tokens, await read('embed.projection.weight'), S, D, E).map((y, at) => y + (positions[at] ?? NaN));
  for (let layer = 0; layer < L; layer++) {
    const input = x;
    const [q, k, v] = await Promise.all((['q', 'k', 'v'] as const).map((name) => linear(input, name, layer, D, D)));
    const shape = { S, past: 0, H, G: H, K: D / H, scale: (D / H) ** -0.5 };
    const { outputs } = groupedAttention(q ?? [], k ?? [], v ?? [], shape);
    const attended = await linear(outputs, 'o', layer, D, D);
    x = await norm(
      attended.map((value, at) => value + (input[at] ?? NaN)),
      'attention.stream.norm',
      layer,
    );
    const middle = x;
    const inner = (await linear(middle, 'up', layer, F, D)).map((value) => Math.max(value, 0));
    const added = await linear(inner, 'down', layer, D, F);
    x = await norm(
      added.map((value, at) => value + (middle[at] ?? NaN)),
      'mlp.stream.norm',
      layer,
    );
  }
  return product(product(x, await read('head.projection.weight'), S, E, D), embeddings, S, V, E);
}

settleAfterAll();

it('runs, and goes on from its caches, as float64 does', async () => {
  const context = await testContext();
  const source = new RandomSource();
  expect(source.spec).toMatchObject({ embeddingSize: E, tiedEmbeddings: true });
  expect(source.spec.globals['final.norm.weight']).toBeUndefined();
  const weights = new GpuWeights(context, 1 << 28);
  const ids = [3, 17, 8, 0, 28, 11, 5];
  const run = await keepRun(context, weights, source, ids, quietTask);
  const expected = await reference(source, ids);
  expect(relativeL2(await readLogits(context, weights, run, quietTask), expected)).toBeLessThan(1e-5);

  const argmaxOf = async (tokens: readonly number[]): Promise<number> => {
    const last = (await reference(source, tokens)).slice(-V);
    return last.indexOf(Math.max(...last));
  };
  const [first = -1, second = -1] = await continueGreedily(context, weights, run, 2, quietTask);
  expect(first).toBe(await argmaxOf(ids));
  expect(second).toBe(await argmaxOf([...ids, first]));
  run.destroy();
});
