/**
 * The two heads of the similarity matrix whose maps are side by side, and whose maps those are.
 * Role: types and the arithmetic of the pair. It is pure; drawing is pairCard.ts.
 */
import type { AttentionTile } from '../../../src/protocol/maps';
import type { RunSummary } from '../../../src/protocol/runs';
import { differenceMap, type DifferenceMap } from '../../shared/difference';
import type { MapsOf } from '../../shared/mapTiles';
import type { ExplorerView } from '../view';

export interface PairSide {
  /** "K3", "Q5": as the matrix names it. */
  name: string;
  /** The query heads whose maps stand for it: itself, or those that read it. */
  heads: number[];
  /** The first of them: colours and links go by it. */
  head: number;
}

/** The chosen pair; null when there is none. */
export function shownPair({ ui, snapshot }: ExplorerView): [PairSide, PairSide] | null {
  const { pairRow, pairColumn, similarityTarget } = ui;
  if (pairRow === null || pairColumn === null) return null;
  const { H, G } = snapshot.model;
  const R = similarityTarget === 'maps' ? 1 : H / G;
  const name = similarityTarget === 'maps' ? 'Q' : similarityTarget.toUpperCase();
  const side = (place: number): PairSide => ({
    name: `${name}${place}`,
    heads: Array.from({ length: R }, (_, member) => place * R + member),
    head: place * R,
  });
  return [side(pairRow), side(pairColumn)];
}

/** Whose maps a side shows. Similarities are of the checkpoint as it is, and so are the maps. */
export function pairMaps(run: RunSummary, layer: number, { heads }: PairSide): MapsOf {
  return { runId: run.runId, layer, heads, ...(heads.length === 1 ? { meanOnly: true } : {}) };
}

/** Every weight of both mean maps has come, none pooled with others: only such maps can be taken from each other. */
export function hasAllWeights({ mean, S, T }: AttentionTile): boolean {
  return mean.rows === S && mean.columns === T;
}

const known = new WeakMap<AttentionTile, Map<AttentionTile, Map<boolean, DifferenceMap>>>();

/** Second minus first mean map, remembered while both tiles are. */
export function pairDifference(first: AttentionTile, second: AttentionTile, skipFirst: boolean): DifferenceMap {
  const ofFirst = known.get(first) ?? new Map<AttentionTile, Map<boolean, DifferenceMap>>();
  known.set(first, ofFirst);
  const ofPair = ofFirst.get(second) ?? new Map<boolean, DifferenceMap>();
  ofFirst.set(second, ofPair);
  const difference = ofPair.get(skipFirst) ?? differenceMap(first.mean.codes, second.mean.codes, first.T, skipFirst);
  ofPair.set(skipFirst, difference);
  return difference;
}
