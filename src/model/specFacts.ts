/**
 * What follows from a ModelSpec: questions that more than one part asks of it. Role: answers without weights and without the GPU.
 */
import { isEncoderOnly } from '../protocol/layers';
import type { Role } from './roles';
import type { LayerSpec, ModelSpec, PositionSpec } from './spec';

/** Whether the model has an encoder beside its decoder. */
export function isEncoderDecoder({ decoderStart }: Pick<ModelSpec, 'decoderStart'>): boolean {
  return decoderStart !== undefined;
}

/** The stack whose output the head reads. */
export function outputStack(spec: { layers: readonly Pick<LayerSpec, 'stack'>[] }): LayerSpec['stack'] {
  return isEncoderOnly(spec) ? 'encoder' : 'decoder';
}

/** A layer by its place. @throws RangeError when there is no such layer: callers check what users give */
export function layerOf(spec: Pick<ModelSpec, 'layers'>, layer: number): LayerSpec {
  const found = spec.layers[layer];
  if (!found) throw new RangeError(`there is no layer ${layer} of ${spec.layers.length}`);
  return found;
}

/** The blocks that the layers of a stack start with: cross-attention belongs to the layer of the block before it. */
export function layerStarts(
  layers: readonly Pick<LayerSpec, 'stack' | 'attention'>[],
  stack: LayerSpec['stack'],
): number[] {
  return layers.flatMap((own, layer) => (own.stack === stack && own.attention !== 'cross' ? [layer] : []));
}

/** KV heads of a layer: G, but as many as query heads where heads are not grouped. */
export function kvHeadsOf(spec: Pick<ModelSpec, 'layers' | 'G' | 'H'>, layer: number): number {
  return layerOf(spec, layer).grouped ? spec.G : spec.H;
}

/** [H] the KV head that each query head of a layer reads: floor(h / R) unless the spec says otherwise. */
export function groupOfHead(
  spec: Pick<ModelSpec, 'H' | 'G' | 'layers' | 'groupOfHead'>,
  layer: number,
): readonly number[] {
  const R = spec.H / kvHeadsOf(spec, layer);
  return spec.groupOfHead?.[layer] ?? Array.from({ length: spec.H }, (_, head) => Math.floor(head / R));
}

/** How a layer's attention knows positions. */
export function positionOf(spec: Pick<ModelSpec, 'layers' | 'position'>, layer: number): PositionSpec {
  return layerOf(spec, layer).position ?? spec.position;
}

/** Whether a role has a block of rows for each KV head, which merging heads merges. */
export function isPerKvHead({ queryKeyNorm }: Pick<ModelSpec, 'queryKeyNorm'>, role: Role): boolean {
  if (role.startsWith('k.norm.')) return queryKeyNorm?.shared === false;
  return role.startsWith('k.') || role.startsWith('v.');
}

/** The field of config.json that says how many KV heads there are, for formats that have one. */
export function kvHeadsField({ kvHeadsField: own }: Pick<ModelSpec, 'kvHeadsField'>): string {
  return own ?? 'num_key_value_heads';
}
