/**
 * What the comparison asks the host for, each answer kept while it may be looked at again.
 */
import type { PredictionsRequest } from '../../src/protocol/diffView';
import type { AttentionRequest, AttentionRow, AttentionRowRequest, AttentionTile } from '../../src/protocol/maps';
import type { HeadDivergence } from '../../src/protocol/measures';
import type { Continuation, Prediction } from '../../src/protocol/runs';
import { LazyCache } from '../shared/lazy';
import { MapTiles } from '../shared/mapTiles';

/** The host functions that answer. */
export interface DiffRequests {
  attention(request: AttentionRequest): Promise<AttentionTile>;
  attentionRow(request: AttentionRowRequest): Promise<AttentionRow>;
  headDivergence(runA: string, runB: string, layer: number): Promise<HeadDivergence>;
  predictions(request: PredictionsRequest): Promise<{ a: Prediction[]; b: Prediction[] }>;
  continuations(count: number): Promise<{ a: Continuation; b: Continuation }>;
}

export interface DiffData {
  maps: MapTiles;
  rows: LazyCache<AttentionRowRequest, AttentionRow>;
  /** A row that is not kept: files take all of them. */
  attentionRow(request: AttentionRowRequest): Promise<AttentionRow>;
  divergences: LazyCache<{ runA: string; runB: string; layer: number }, HeadDivergence>;
  predictions: LazyCache<PredictionsRequest, { a: Prediction[]; b: Prediction[] }>;
  continuations: LazyCache<{ runA: string; runB: string }, { a: Continuation; b: Continuation }>;
}

/** Of the small maps of all groups on both sides and their differences, in models of many groups, and of what was looked at before. */
const MOST_TILES = 192;

/** Tokens that both runs continue the text by. */
const CONTINUATION_LENGTH = 24;

/** @param changed called after any answer has arrived */
export function createDiffData(host: DiffRequests, changed: () => void): DiffData {
  return {
    maps: new MapTiles((request) => host.attention(request), changed, MOST_TILES),
    rows: new LazyCache((request) => host.attentionRow(request), changed, 512),
    attentionRow: (request) => host.attentionRow(request),
    divergences: new LazyCache(({ runA, runB, layer }) => host.headDivergence(runA, runB, layer), changed, 128),
    predictions: new LazyCache((request) => host.predictions(request), changed, 64),
    continuations: new LazyCache(() => host.continuations(CONTINUATION_LENGTH), changed, 4),
  };
}
