/**
 * Mistral: Llama with a sliding window on every layer, unless the config says null.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_mistral.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { ModelSpec } from '../spec';
import type { ModelFamily } from './family';
import { llamaLike } from './llama';
import { windowOf } from './windows';

export const mistral: ModelFamily = {
  id: 'mistral',
  title: 'Mistral',
  description: 'Llama with a sliding window on every layer.',
  source: 'Jiang et al. 2023, arXiv 2310.06825',
  match: (config) => config.model_type === 'mistral',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  return llamaLike('mistral', checkpoint, { features: () => windowOf(checkpoint.config, true) });
}
