/**
 * Merging: what the shared KV head of a group becomes.
 * Role: the interface that every merge method implements, and their registry. Which heads share is grouping.ts; wrapping
 * a checkpoint so that it reads merged weights is convert.ts.
 */
import type { LayerRole, ModelSpec, Weight } from '../model/spec';
import type { MethodInfo } from '../protocol/model';
import { first, mean } from './merges/pool';

/** One layer of the source checkpoint, as a merge sees it: any weight of the layer may be read. */
export interface SourceLayer {
  /** The source's spec: G is its own number of KV heads. */
  readonly spec: ModelSpec;
  readonly layer: number;
  /** Groups after merging. */
  readonly G: number;
  /** [spec.G] group of each source KV head. */
  readonly groupOfKvHead: readonly number[];
  has(role: LayerRole): boolean;
  read(role: LayerRole, signal?: AbortSignal): Promise<Weight>;
}

/** The roles of a layer that a merge changes, each read when somebody asks. Roles that are absent stay as they were. */
export type MergedLayer = Partial<Record<LayerRole, (signal?: AbortSignal) => Promise<Weight>>>;

/**
 * A way to merge the KV heads of a group.
 *
 * `mergeLayer` itself reads nothing; it returns one reader a changed role. Simple merges have independent readers for
 * k and v. A merge that solves for several roles together (alignment turns q with k and o with v) lets its readers
 * share one solution; convert.ts keeps the readers of a layer for as long as the layer is in use.
 *
 * Merged k and v weights have G·K rows; everything else keeps its shape.
 */
export interface MergeMethod extends MethodInfo {
  mergeLayer(source: SourceLayer): MergedLayer;
}

/** Every merge method. Views, quick picks and the command line read this list. */
export const merges: readonly MergeMethod[] = [mean, first];
