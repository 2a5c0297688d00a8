/**
 * How alike a layer's heads are to each other and to their pooled heads. Plain data; what the measures say of themselves is
 * methods.ts.
 */
import type { ConversionRequest } from './conversion';

export type SimilarityTarget = 'k' | 'v';

/** What is compared: projections as they are, what a text makes of them, or the attention maps of the query heads. */
export type SimilarityBasis = 'weights' | 'activations' | 'attention';

export interface SimilarityRequest {
  modelId: string;
  layer: number;
  on: SimilarityBasis;
  /** Does not matter to attention maps. */
  target: SimilarityTarget;
  /** Registry id, e.g. "aligned". */
  measure: string;
  conversion: ConversionRequest;
  /**
   * Run of the checkpoint as it is, whose tokens activations and attention maps are of. Absent: the conversion's
   * calibration text, which serves activations only.
   */
  runId?: string;
}

/**
 * Similarity of a layer's n heads to each other and to the pooled head of their group. Heads are the source's KV heads;
 * for attention maps they are the query heads, and "to the pooled head" means the same head reading pooled keys.
 */
export interface SimilarityResult {
  layer: number;
  on: SimilarityBasis;
  target: SimilarityTarget;
  measure: string;
  n: number;
  /** [n, n], symmetric; the diagonal is what a head is to itself. */
  matrix: Float32Array;
  /** [n] similarity of each head to its group's pooled head. */
  toPooled: Float32Array;
  /** [n] group of each head. */
  groups: number[];
  /** [groups] for measures of whole groups (PCA): what is left unexplained of its members together; null for others. */
  ofGroup: Float32Array | null;
  /** Mean similarity of seeded random heads of the same shape on the same inputs: what "unrelated" looks like. */
  floor: number;
  /** The most alike pair among those random heads. */
  floorExtreme: number;
  /** The same for a random head and the pooled head of its random group. */
  pooledFloor: number;
  /** Mean of `ofGroup` for random heads; null where `ofGroup` is. */
  groupFloor: number | null;
  /** Which inputs activations and maps are of, in words; null on weights. */
  text: string | null;
}
