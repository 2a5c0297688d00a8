/**
 * Granite 3: Llama with factors on embeddings, scores, what is added to the residual stream, and logits.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_granite.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readNumber } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import type { ModelFamily } from './family';
import { llamaLike } from './llama';

export const granite: ModelFamily = {
  id: 'granite',
  title: 'Granite',
  description: 'Llama with factors on embeddings, attention, residuals and logits.',
  source: 'Granite team, IBM 2024; transformers, modeling_granite.py',
  match: (config) => config.model_type === 'granite',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const factor = (field: string): number =>
    readNumber(checkpoint.config, field, { minimum: Number.MIN_VALUE, fallback: 1 });
  const scale = factor('attention_multiplier');
  return {
    ...llamaLike('granite', checkpoint, { features: () => ({ scale }) }),
    embeddingScale: factor('embedding_multiplier'),
    residualScale: factor('residual_multiplier'),
    outputScale: 1 / factor('logits_scaling'),
  };
}
