/**
 * GPT-2 with one KV head is GPTBigCode with `multi_query: true`: the same function, in a format that stores and caches one
 * head. Matrices are [out, in], and attn.c_attn holds Q (D rows), then K and V (K rows each). OPT is GPT-2 by other names.
 * Role: one entry of the list of equivalent formats. Upstream: transformers, modeling_gpt_bigcode.py.
 */
import { layerOf } from '../../model/specFacts';
import type { Activation, ModelSpec } from '../../model/spec';
import type { GlobalRole, LayerRole } from '../../model/roles';
import { hasField } from '../config';
import type { JsonObject } from '../json';
import type { EquivalentFormat } from './equivalents';
import type { RolePart, RoleTensor } from './roleTensors';

/** By transformers' names. */
const activations: Partial<Record<Activation, string>> = {
  'gelu-tanh': 'gelu_pytorch_tanh',
  gelu: 'gelu',
  relu: 'relu',
  silu: 'silu',
};

export const gptBigCode: EquivalentFormat = {
  id: 'gpt_bigcode',
  title: 'GPTBigCode',
  description: 'The same function in the multi-query form of GPT-2, whose files and KV cache hold one KV head.',
  source: 'transformers, modeling_gpt_bigcode.py; Allal et al. 2023, arXiv 2301.03988',
  refusal: (spec) => {
    if (!isGpt2(spec)) return 'its layers are not those of GPT-2';
    return spec.G === 1 ? null : `it can hold 1 KV head, not ${spec.G}`;
  },
  config,
  tensors,
};

/** What the format has a place for; biases may be absent, which is a bias of zeros. */
const globals: ReadonlySet<string> = new Set<GlobalRole>([
  ...(['embed.tokens', 'embed.positions', 'final.norm.weight', 'final.norm.bias', 'head.weight'] as const),
]);
const blocks: ReadonlySet<string> = new Set(['attention.norm', 'q', 'k', 'v', 'o', 'mlp.norm', 'up', 'down']);

/** Whether a model is GPT-2's in all but names: families that are, with nothing that the format has no place for. */
function isGpt2({ family, globals: found, layers }: ModelSpec): boolean {
  if (!['gpt2', 'gpt_bigcode', 'opt'].includes(family)) return false;
  const roles = layers.flatMap(({ weights }) => Object.keys(weights));
  return (
    Object.keys(found).every((role) => globals.has(role)) &&
    'final.norm.weight' in found &&
    roles.every((role) => blocks.has(role.replace(/\.(?:weight|bias)$/, '')))
  );
}

/** Fields as transformers writes them, in alphabetical order. Numbers that are fractions keep their point. */
function config(spec: ModelSpec, original: JsonObject): string {
  const { D, F, H, L, V, norm, mlp, maxPositions } = spec;
  const fraction = (value: unknown): string =>
    Number.isInteger(value) ? Number(value).toFixed(1) : JSON.stringify(value ?? null);
  const kept = (field: string, write: (value: unknown) => string = JSON.stringify): Record<string, string> =>
    hasField(original, field) ? { [field]: write(original[field]) } : {};
  const fields: Record<string, string> = {
    activation_function: JSON.stringify(activations[mlp.activation]),
    architectures: '["GPTBigCodeForCausalLM"]',
    attention_softmax_in_fp32: 'true',
    ...kept('attn_pdrop', fraction),
    ...kept('bos_token_id'),
    ...kept('dtype'),
    ...kept('embd_pdrop', fraction),
    ...kept('eos_token_id'),
    ...kept('initializer_range', fraction),
    layer_norm_epsilon: fraction(norm.epsilon),
    model_type: '"gpt_bigcode"',
    multi_query: 'true',
    n_embd: String(D),
    n_head: String(H),
    n_inner: String(F),
    n_layer: String(L),
    n_positions: String(maxPositions),
    ...kept('pad_token_id'),
    ...kept('resid_pdrop', fraction),
    scale_attention_softmax_in_fp32: 'true',
    scale_attn_weights: 'true',
    tie_word_embeddings: String(spec.tiedEmbeddings),
    ...kept('torch_dtype'),
    ...kept('transformers_version'),
    ...kept('use_cache'),
    vocab_size: String(V),
  };
  const lines = Object.entries(fields).map(([name, value]) => `  ${JSON.stringify(name)}: ${value}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function tensors(spec: ModelSpec): RoleTensor[] {
  const { D, F, H, K, L, V, maxPositions } = spec;
  const positions = maxPositions ?? 0;
  const global = (name: string, role: RolePart['role'], ...shape: number[]): RoleTensor => ({
    name,
    shape,
    parts: [{ role, layer: null, rows: shape[0] ?? 0 }],
  });
  const layers = Array.from({ length: L }, (_, layer) => {
    // GPTBigCode always scales by K^-0.5: what GPT-2 does otherwise goes into the queries.
    const factor = layerOf(spec, layer).scale * Math.sqrt(K);
    const block = (name: string, columns: number, parts: readonly [string, number][]): RoleTensor[] =>
      (['weight', 'bias'] as const).map((kind) => {
        const rows = parts.reduce((sum, [, count]) => sum + count, 0);
        return {
          name: `transformer.h.${layer}.${name}.${kind}`,
          shape: kind === 'weight' && columns > 0 ? [rows, columns] : [rows],
          parts: parts.map(([role, count]) => ({
            role: `${role}.${kind}` as LayerRole,
            layer,
            rows: count,
            ...(role === 'q' && factor !== 1 ? { factor } : {}),
          })),
        };
      });
    return [
      ...block('ln_1', 0, [['attention.norm', D]]),
      ...block('attn.c_attn', D, [
        ['q', H * K],
        ['k', K],
        ['v', K],
      ]),
      ...block('attn.c_proj', H * K, [['o', D]]),
      ...block('ln_2', 0, [['mlp.norm', D]]),
      ...block('mlp.c_fc', D, [['up', F]]),
      ...block('mlp.c_proj', F, [['down', D]]),
    ];
  });
  return [
    global('transformer.wte.weight', 'embed.tokens', V, D),
    global('transformer.wpe.weight', 'embed.positions', positions, D),
    ...layers.flat(),
    global('transformer.ln_f.weight', 'final.norm.weight', D),
    global('transformer.ln_f.bias', 'final.norm.bias', D),
    ...(spec.tiedEmbeddings ? [] : [global('lm_head.weight', 'head.weight', V, D)]),
  ];
}
