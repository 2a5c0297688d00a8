/**
 * What an architecture of llama.cpp is: its names and layouts against those of transformers, as data.
 * Role: shared by the files of this folder. The list of architectures is index.ts.
 */
import type { JsonObject } from '../../json';
import type { Metadata } from '../metadata';
import type { RowOrder } from '../rowOrder';

/** Sizes that layouts depend on. */
export interface Sizes {
  L: number;
  D: number;
  H: number;
  G: number;
  K: number;
}

/** What a config is made from. */
export interface Described {
  metadata: Metadata;
  sizes: Sizes;
  /** Names of the file's tensors, in llama.cpp's spelling. */
  names: ReadonlySet<string>;
  /** The fields that most families have, under their usual names. */
  usual: JsonObject;
}

/** A tensor's name in transformers without ".weight" or ".bias", and how its numbers lie in the file. */
export interface TensorName {
  name: string;
  /** The order of the rows; absent: as in transformers. */
  rows?: (sizes: Sizes) => RowOrder;
  /** Added to the stored numbers of the weight, not of the bias. */
  plus?: number;
  /** Stored [out, in] where transformers has [in, out]. */
  transposed?: boolean;
  /** The tensor stacks the experts of the layer; the name has a # for the number of each. */
  stacked?: boolean;
}

export type TensorNames = Readonly<Record<string, string | TensorName>>;

export interface Architecture {
  /** general.architecture. */
  id: string;
  /** config.json of the family. */
  config(described: Described): JsonObject;
  /** Names outside of layers. */
  globals: TensorNames;
  /** What names of a layer begin with in transformers, before its number. */
  list: string;
  /** Names of a layer, after its number. A function where a file's own settings decide. */
  layer: TensorNames | ((described: Described) => TensorNames);
}
