/**
 * Qwen2 and Qwen2.5: Llama with biases on Q, K and V. Layers from max_window_layers on may have a sliding window.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_qwen2.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { ModelSpec } from '../spec';
import type { ModelFamily } from './family';
import { llamaLike } from './llama';
import { upperWindows } from './windows';

export const qwen2: ModelFamily = {
  id: 'qwen2',
  title: 'Qwen2',
  description: 'Llama with biases on Q, K and V; upper layers may slide.',
  source: 'Yang et al. 2024, arXiv 2407.10671',
  match: (config) => config.model_type === 'qwen2',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  return llamaLike('qwen2', checkpoint, { features: upperWindows(checkpoint.config) });
}
