/**
 * GPT-2: layer norms before each half, learned positions, plain GELU MLP, one fused and transposed QKV matrix.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gpt2.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, invalidField, readBoolean, readEndTokens, readInteger, readNumber } from '../../checkpoint/config';
import type { LayerRole, ModelSpec, WeightRef } from '../spec';
import { readActivation } from './activation';
import { decoderLayers, present, TensorFinder, type ModelFamily } from './family';

export const gpt2: ModelFamily = {
  id: 'gpt2',
  title: 'GPT-2',
  description: 'LayerNorm, learned positions, GELU MLP; multi-head attention only, so its files cannot say G.',
  source: 'Radford et al. 2019',
  match: (config) => config.model_type === 'gpt2',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const L = readInteger(config, 'n_layer', { maximum: 10_000 });
  const D = readInteger(config, 'n_embd');
  const H = readInteger(config, 'n_head');
  if (D % H !== 0) throw invalidField('n_embd', `a multiple of the ${H} heads`, D);
  const K = D / H;
  const F = readInteger(config, 'n_inner', { fallback: 4 * D });
  const V = readInteger(config, 'vocab_size');
  const maxPositions = readInteger(config, hasField(config, 'n_positions') ? 'n_positions' : 'n_ctx');
  const scale = readBoolean(config, 'scale_attn_weights', true) ? K ** -0.5 : 1;
  const byDepth = readBoolean(config, 'scale_attn_by_inverse_layer_idx', false);

  const tensors = new TensorFinder(checkpoint, ['transformer.', ''], 'wte.weight');
  const embedding = tensors.ref('wte.weight', [V, D]);
  const ownHead = readBoolean(config, 'tie_word_embeddings', true) ? null : tensors.exact('lm_head.weight', [V, D]);
  return {
    family: gpt2.id,
    L,
    D,
    H,
    G: H,
    K,
    F,
    V,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_epsilon', { minimum: 0, fallback: 1e-5 }) },
    position: { kind: 'learned', maxPositions },
    mlp: { kind: 'plain', activation: readActivation(config, 'activation_function', 'gelu_new') },
    maxPositions,
    tiedEmbeddings: ownHead === null,
    endTokens: readEndTokens(config),
    positionText: `learned, ${maxPositions} positions`,
    formatHasKvHeads: false,
    globals: {
      'embed.tokens': embedding,
      'embed.positions': tensors.ref('wpe.weight', [maxPositions, D]),
      'final.norm.weight': tensors.ref('ln_f.weight', [D]),
      'final.norm.bias': tensors.ref('ln_f.bias', [D]),
      'head.weight': ownHead ?? embedding,
    },
    layers: decoderLayers(L, (layer) => ({
      scale: byDepth ? scale / (layer + 1) : scale,
      weights: layerRefs(tensors, layer, D, F),
    })),
  };
}

/** Matrices are stored [in, out]; c_attn holds Q, K and V side by side. Stored causal masks (attn.bias) are not weights. */
function layerRefs(tensors: TensorFinder, layer: number, D: number, F: number): Partial<Record<LayerRole, WeightRef>> {
  const vector = (name: string): WeightRef => tensors.ref(`h.${layer}.${name}`, [D]);
  const matrix = (name: string, out: number, columns: number): WeightRef =>
    tensors.ref(`h.${layer}.${name}.weight`, [out, columns], { transposed: true });
  const fused = matrix('attn.c_attn', 3 * D, D);
  const fusedBias = tensors.ref(`h.${layer}.attn.c_attn.bias`, [3 * D]);
  const part = (ref: WeightRef, third: number): WeightRef => ({ ...ref, outputs: { offset: third * D, count: D } });
  return present({
    'attention.norm.weight': vector('ln_1.weight'),
    'attention.norm.bias': vector('ln_1.bias'),
    'q.weight': part(fused, 0),
    'q.bias': part(fusedBias, 0),
    'k.weight': part(fused, 1),
    'k.bias': part(fusedBias, 1),
    'v.weight': part(fused, 2),
    'v.bias': part(fusedBias, 2),
    'o.weight': matrix('attn.c_proj', D, D),
    'o.bias': vector('attn.c_proj.bias'),
    'mlp.norm.weight': vector('ln_2.weight'),
    'mlp.norm.bias': vector('ln_2.bias'),
    'up.weight': matrix('mlp.c_fc', F, D),
    'up.bias': tensors.ref(`h.${layer}.mlp.c_fc.bias`, [F]),
    'down.weight': matrix('mlp.c_proj', D, F),
    'down.bias': vector('mlp.c_proj.bias'),
  });
}
