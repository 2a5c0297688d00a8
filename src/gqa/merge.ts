/**
 * Merging: what the shared KV head of a group becomes.
 * Role: the interface that every merge method implements, and their registry. Which heads share is grouping.ts; wrapping
 * a checkpoint so that it reads merged weights is convert.ts.
 */
import type { LayerRole } from '../model/roles';
import type { ModelSpec } from '../model/spec';
import type { Weight, WeightSource } from '../model/weightSource';
import type { LayerCalibration } from '../model/calibration';
import type { MethodInfo } from '../protocol/methods';
import type { TaskContext } from '../protocol/tasks';
import { aligned, alignedRenormalised, renormalised } from './merges/aligned';
import { attentionAls, pcaAls, pcaRefit, pcaText, scoreAls } from './merges/calibrated';
import { medoid } from './merges/medoid';
import { pca } from './merges/pca';
import { first, mean } from './merges/pool';
import { random } from './merges/random';

/** One layer of the source checkpoint, as a merge sees it: any weight of the layer may be read. */
export interface SourceLayer {
  /** The source's spec: G is its own number of KV heads. */
  readonly spec: ModelSpec;
  readonly layer: number;
  /** Groups after merging. */
  readonly G: number;
  /** [spec.G] group of each source KV head. Groups may be unequal and in any order, none is empty. */
  readonly groupOfKvHead: readonly number[];
  /** The source itself, for what lies outside the layer. */
  readonly weights: WeightSource;
  has(role: LayerRole): boolean;
  read(role: LayerRole, signal?: AbortSignal): Promise<Weight>;
}

/** The roles of a layer that a merge changes, each read when somebody asks. Roles that are absent stay as they were. */
export type MergedLayer = Partial<Record<LayerRole, (signal?: AbortSignal) => Promise<Weight>>>;

/** The roles of a layer that a merge changed, in memory. */
export type SolvedLayer = Partial<Record<LayerRole, Weight>>;

/**
 * A merge that looks at k and v each by itself: cheap, read lazily, nothing is kept.
 * Merged k and v weights have G·K rows, whatever the order of the members.
 */
export interface PoolingMerge extends MethodInfo {
  readonly kind: 'pool';
  pool(source: SourceLayer): MergedLayer;
}

/**
 * A merge that solves for several roles together (alignment turns q with k and o with v), once, before the converted
 * model is used. q and o keep all H heads in their order; k and v get G heads.
 */
export interface SolvingMerge extends MethodInfo {
  readonly kind: 'solve';
  /** It changes the basis of K heads; where the model forbids that, it pools them by their mean. Absent: it does not. */
  readonly turnsKeys?: boolean;
  /**
   * For merges that align heads first: the layer with turned heads and nothing pooled, which must compute the same
   * (convert.ts lets callers check that). `solve` then gets the turned layer as its source.
   */
  readonly turn?: (source: SourceLayer, task: TaskContext) => Promise<SolvedLayer>;
  /** @param calibration the layer's activations; null unless the method `needsText` */
  solve(source: SourceLayer, calibration: LayerCalibration | null, task: TaskContext): Promise<SolvedLayer>;
}

/** A way to merge the KV heads of a group. */
export type MergeMethod = (PoolingMerge & { readonly turnsKeys?: never }) | SolvingMerge;

/** Every merge method. Views, quick picks and the command line read this list. */
export const merges: readonly MergeMethod[] = [
  mean,
  first,
  random,
  medoid,
  renormalised,
  aligned,
  alignedRenormalised,
  pca,
  pcaText,
  pcaRefit,
  pcaAls,
  scoreAls,
  attentionAls,
];
