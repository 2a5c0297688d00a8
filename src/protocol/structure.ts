/**
 * What a weight file holds, for the structure editor: its model as far as it is known, and its tensors as columns.
 * The page gets all tensors at once and filters, sorts and scrolls without asking anybody. So that 100 000 of them cross two
 * process borders in a fraction of a second they are two packed columns: names, and a number each into a short list of
 * what tensors are.
 */
import type { LayerView, ModelSummary } from './model';
import type { PackedNames } from './packedNames';

/** All that a tensor is but its name: alike in most layers. */
export interface TensorKind {
  dtype: string;
  shape: number[];
  bytes: number;
  /** What the model reads from the tensor: "q.weight", "q.bias, k.bias, v.bias"; "" where nothing is known to. */
  role: string;
  /** Path relative to the checkpoint's folder. */
  file: string;
}

export interface TensorColumns {
  /** In natural order: "layers.2" before "layers.10". */
  names: PackedNames;
  kinds: TensorKind[];
  /** [names] into kinds. */
  kindOf: Uint32Array;
}

/** Which query heads share which KV head, in all layers that are alike in this and in what they see. */
export interface HeadLayout {
  /** Places in ModelSummary.layers; empty where only the config tells of heads, and not of layers. */
  layers: number[];
  attention: LayerView['attention'];
  stack: LayerView['stack'];
  /** Most keys that a query sees; null: all. */
  window: number | null;
  /** [H] */
  groupOfHead: number[];
}

/** A file as it was when it was read. */
export interface CheckpointStructure {
  summary: Omit<ModelSummary, 'modelId'>;
  /** Empty where the heads are not known. */
  layouts: HeadLayout[];
  tensors: TensorColumns;
  /** Time that reading took in the engine. */
  milliseconds: number;
}

/** Numbers over all elements of a tensor. What is not finite is counted and left out of everything else. */
export interface TensorStatistics {
  name: string;
  elements: number;
  /** Of the finite elements; null where there is none, as the next three. */
  minimum: number | null;
  maximum: number | null;
  mean: number | null;
  /** Of the elements themselves (divided by their number, not by one less). */
  standardDeviation: number | null;
  /** L2. */
  norm: number;
  zeros: number;
  nans: number;
  infinities: number;
  /** Elements in bins of equal width from minimum to maximum; empty where these are equal or null. */
  histogram: number[];
}
