/**
 * A grouping as a value: which query heads share which key/value head, layer by layer.
 * Role: the type and the registry of ways to make one. Merging weights is merge.ts.
 */
import type { MethodInfo } from '../protocol/model';

/** Per layer, the group (0..G-1) of each KV head of the source checkpoint. */
export interface Grouping {
  /** Groups after pooling. */
  G: number;
  /** [L][source KV heads] */
  groupOfKvHead: readonly (readonly number[])[];
}

/** A way to decide who shares with whom. `sourceG` is the checkpoint's own number of KV heads. */
export interface GroupingMethod extends MethodInfo {
  assign(L: number, sourceG: number, G: number): Grouping;
}
