/**
 * Attention maps of a kept run, recomputed for the layer and heads that somebody looks at, in blocks of rows.
 * Role: the blocks on the GPU, never more than one of them a run. What is made of them: maps.ts, mapTile.ts.
 */
import type { GpuContext, Span } from '../gpu/context';
import type { Batch } from '../gpu/batch';
import { attentionMaps } from '../gpu/operations/attention';
import { uploadChosenHeads } from '../gpu/operations/headGroups';
import type { MapBlock } from '../gpu/operations/maps';
import type { MapValues } from '../protocol/maps';
import { DistanceBiases } from './distanceBiases';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { leaseLayer } from './layerWeights';
import { attentionShape } from './project';
import { leaseQueries } from './queries';
import { groupOfHead, kvHeadsOf } from './specFacts';

/** Bytes of maps computed at once. */
const blockBytes = 32 * 1024 * 1024;

/** What the maps of one run's layer are computed from, and into. */
export interface MapMaker {
  /** [heads, rows, T] of the block that was computed last. */
  map: Span;
  /** Adds the computation of a block to a batch. */
  compute: (batch: Batch, block: MapBlock, values: MapValues) => void;
  close: () => void;
}

/** @param size numbers of the largest block */
async function openMaker(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  heads: readonly number[],
  size: number,
  signal: AbortSignal,
): Promise<MapMaker> {
  const { spec } = run.source;
  const cache = run.caches[layer];
  if (!cache) throw new Error(`the run has no layer ${layer}`);
  const biases = new DistanceBiases(context, run.source, 0, run.rowsOf(layer), signal);
  try {
    const bias = await biases.of(layer);
    const queries = await leaseQueries(context, weights, run, layer, signal);
    const own = await leaseLayer(weights, run.source, layer, signal, ['sinks']);
    const rows = { S: run.rowsOf(layer), T: run.keysOf(layer), past: 0 };
    const shape = attentionShape(spec, layer, rows, bias, own.optionalVector('sinks'));
    const chosen = uploadChosenHeads(context, heads, groupOfHead(spec, layer), kvHeadsOf(spec, layer));
    const map = context.storage(size, 'maps');
    return {
      map,
      compute: (batch, block, values) => {
        const scores = values === 'scores';
        attentionMaps(context, batch, queries.span, cache.keys, chosen, map, block, shape, scores);
      },
      close: () => {
        queries.release();
        own.release();
        biases.destroy();
        for (const { buffer } of [chosen.span, map]) buffer.destroy();
      },
    };
  } catch (error) {
    biases.destroy();
    throw error;
  }
}

/** Blocks of query rows [first, end) such that `heads` maps of a block fit into blockBytes. */
function* blocksOf(heads: number, first: number, end: number, T: number): Generator<MapBlock> {
  const rowsPerBlock = Math.max(1, Math.min(end - first, Math.floor(blockBytes / (heads * T * 4))));
  for (let row0 = first; row0 < end; row0 += rowsPerBlock) {
    yield { heads, row0, rows: Math.min(rowsPerBlock, end - row0), T, past: 0 };
  }
}

/**
 * Goes through the blocks of query rows [first, end). `use` computes into one reused buffer a run and must await its reads.
 * @param use gets a maker a run, and the block
 */
export async function eachBlock(
  context: GpuContext,
  weights: GpuWeights,
  runs: readonly KeptRun[],
  layer: number,
  heads: readonly number[],
  [first, end]: readonly [number, number],
  signal: AbortSignal,
  use: (makers: readonly MapMaker[], block: MapBlock) => Promise<void>,
): Promise<void> {
  const T = runs[0]?.keysOf(layer) ?? 0;
  const blocks = [...blocksOf(heads.length, first, end, T)];
  const size = heads.length * Math.max(...blocks.map(({ rows }) => rows)) * T;
  const makers: MapMaker[] = [];
  try {
    for (const run of runs) makers.push(await openMaker(context, weights, run, layer, heads, size, signal));
    for (const block of blocks) {
      signal.throwIfAborted();
      await use(makers, block);
    }
  } finally {
    for (const maker of makers) maker.close();
  }
}
