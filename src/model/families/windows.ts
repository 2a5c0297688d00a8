/**
 * Sliding windows of attention, layer by layer.
 * Role: one reading of `sliding_window` and `layer_types` for all families.
 */
import { hasField, invalidField, readBoolean, readInteger } from '../../checkpoint/config';
import type { JsonObject } from '../../checkpoint/json';
import type { LayerSpec } from '../spec';

/** Whether each layer's attention slides: `layer_types` where the config has it, else what `usual` says. */
export function slidingLayers(config: JsonObject, L: number, usual: (layer: number) => boolean): boolean[] {
  if (!hasField(config, 'layer_types')) return Array.from({ length: L }, (_, layer) => usual(layer));
  const { layer_types: types } = config;
  const known = ['full_attention', 'sliding_attention'];
  if (!Array.isArray(types) || types.length < L || !types.every((type) => known.includes(String(type)))) {
    throw invalidField('layer_types', `${L} of ${known.join(', ')}`, types);
  }
  return types.slice(0, L).map((type) => type === 'sliding_attention');
}

/** The window of a layer that slides; nothing where it does not, or where the config has none. */
export function windowOf(config: JsonObject, slides: boolean): Pick<LayerSpec, 'window'> {
  if (!slides || !hasField(config, 'sliding_window')) return {};
  return { window: readInteger(config, 'sliding_window') };
}

/** Qwen's windows: only if use_sliding_window, and on the layers from max_window_layers on. */
export function upperWindows(config: JsonObject): (layer: number) => Pick<LayerSpec, 'window'> {
  if (!readBoolean(config, 'use_sliding_window', false)) return () => ({});
  const L = readInteger(config, 'num_hidden_layers', { maximum: 10_000 });
  const first = readInteger(config, 'max_window_layers', { minimum: 0, fallback: 28 });
  const slides = slidingLayers(config, L, (layer) => layer >= first);
  return (layer) => windowOf(config, slides[layer] ?? false);
}
