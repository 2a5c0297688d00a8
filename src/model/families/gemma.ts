/**
 * Gemma: Llama with embeddings scaled by the root of the hidden size, GELU, and norm weights stored less 1.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gemma.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, invalidField, readText } from '../../checkpoint/config';
import type { JsonObject } from '../../checkpoint/json';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { readSizes, type DecoderParts } from './decoder';
import type { ModelFamily } from './family';
import { gatedMlp, llamaAttention, llamaLike } from './llama';

export const gemma: ModelFamily = {
  id: 'gemma',
  title: 'Gemma',
  description: 'Llama with scaled embeddings, GELU, and norm weights stored less 1.',
  source: 'Gemma team 2024, arXiv 2403.08295',
  match: (config) => config.model_type === 'gemma',
  spec,
};

/** Norm weights are stored as what they are above 1. */
export const aboveOne = { plus: 1 };

function spec(checkpoint: Checkpoint): ModelSpec {
  return gemmaLike('gemma', checkpoint);
}

/** The spec of a Gemma of any generation, but for `own` parts. */
export function gemmaLike(family: string, checkpoint: Checkpoint, own: Partial<DecoderParts> = {}): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const { D } = sizes;
  if (config.use_bidirectional_attention === true) {
    throw invalidField('use_bidirectional_attention', 'false: models that see later tokens cannot be run', true);
  }
  const base = llamaLike(family, checkpoint, {
    sizes,
    mlp: { kind: 'gated', activation: readGelu(config) },
    tied: true,
    normOptions: aboveOne,
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D, aboveOne),
      ...llamaAttention(at, sizes),
      ...at.norm('mlp', 'post_attention_layernorm', D, aboveOne),
      ...gatedMlp(at, sizes),
    }),
    ...own,
  });
  return { ...base, embeddingScale: Math.sqrt(D) };
}

/** The first configs say "gelu" and mean its approximation by tanh, as transformers 4 took it. */
function readGelu(config: JsonObject): ReturnType<typeof readActivation> {
  if (hasField(config, 'hidden_activation')) return readActivation(config, 'hidden_activation', 'gelu_pytorch_tanh');
  return readText(config, 'hidden_act', 'gelu') === 'gelu'
    ? 'gelu-tanh'
    : readActivation(config, 'hidden_act', 'gelu_pytorch_tanh');
}
