/**
 * Qwen2 and Qwen2.5: Llama with biases on Q, K and V.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_qwen2.py.
 */
import type { ModelFamily } from './family';
import { llamaLike } from './llama';

export const qwen2: ModelFamily = {
  id: 'qwen2',
  title: 'Qwen2',
  description: 'Llama with biases on Q, K and V.',
  source: 'Yang et al. 2024, arXiv 2407.10671',
  match: (config) => config.model_type === 'qwen2',
  spec: (checkpoint) => llamaLike('qwen2', checkpoint),
};
