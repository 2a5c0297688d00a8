/**
 * SmolLM3: Llama with rotary positions on three layers of four. The others know no positions, and may have a sliding window.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_smollm3.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, invalidField, readBoolean, readInteger } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { llamaLike } from './llama';
import { slidingLayers, windowOf } from './windows';

export const smollm3: ModelFamily = {
  id: 'smollm3',
  title: 'SmolLM3',
  description: 'Llama with layers that know no positions.',
  source: 'Hugging Face 2025, huggingface.co/blog/smollm3',
  match: (config) => config.model_type === 'smollm3',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const turns = rotaryLayers(checkpoint, sizes.L);
  const windows = readBoolean(config, 'use_sliding_window', false);
  const slides = slidingLayers(config, sizes.L, (layer) => !turns[layer]);
  const position = rotaryPosition(config, sizes.K, 'half', { theta: 2_000_000 });
  const still = turns.filter((turning) => !turning).length;
  return llamaLike('smollm3', checkpoint, {
    sizes,
    position: { ...position, text: `${position.text}${still === 0 ? '' : `; none on ${still} of ${sizes.L} layers`}` },
    tied: true,
    features: (layer) => ({
      ...(!turns[layer] && { position: { kind: 'none' } }),
      ...windowOf(config, windows && (slides[layer] ?? false)),
    }),
  });
}

/** no_rope_layers has a 1 for each layer with rotary positions; without it, every fourth has none. */
function rotaryLayers({ config }: Checkpoint, L: number): boolean[] {
  if (hasField(config, 'no_rope_layers')) {
    const { no_rope_layers: flags } = config;
    const valid = Array.isArray(flags) && flags.length >= L && flags.every((flag) => flag === 0 || flag === 1);
    if (!valid) throw invalidField('no_rope_layers', `${L} of 0 and 1`, flags);
    return flags.slice(0, L).map((flag) => flag === 1);
  }
  const interval = readInteger(config, 'no_rope_layer_interval', { fallback: 4 });
  return Array.from({ length: L }, (_, layer) => (layer + 1) % interval !== 0);
}
