/**
 * A layer's queries in a kept run, recomputed from the layer's input, and kept for the next request.
 * Role: what maps are made of besides the cached keys. Several requests may use them at once: what is leased stays.
 */
import type { GpuContext, Span } from '../gpu/context';
import { pad4 } from '../gpu/operations/matrix';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { leaseLayer, queryRoles } from './layerWeights';
import { projectQueries, readStream } from './project';
import { RotaryTables } from './rotaryTables';

/** Layers whose queries a run keeps: the one looked at and its neighbour. */
const keptLayers = 2;

/** Queries that a run keeps. */
export interface KeptQueries {
  /** [S, H, pad4(K)], rotated */
  span: Span;
  users: number;
}

/** The queries of a layer; release them when the work that uses them is submitted. */
export async function leaseQueries(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  signal: AbortSignal,
): Promise<{ span: Span; release: () => void }> {
  if (!run.queries.has(layer)) {
    const span = await computeQueries(context, weights, run, layer, signal);
    // Another request may have been faster.
    if (run.queries.has(layer)) span.buffer.destroy();
    else run.queries.set(layer, { span, users: 0 });
  }
  const kept = run.queries.get(layer);
  if (!kept) throw new Error(`the run has no queries of layer ${layer}`);
  kept.users += 1;
  forget(run);
  const release = (): void => {
    kept.users -= 1;
    forget(run);
  };
  return { span: kept.span, release };
}

/** Drops the layers asked for longest ago that nobody uses. */
function forget({ queries }: KeptRun): void {
  for (const [layer, { span, users }] of queries) {
    if (queries.size <= keptLayers) return;
    if (users > 0) continue;
    queries.delete(layer);
    span.buffer.destroy();
  }
}

async function computeQueries(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  signal: AbortSignal,
): Promise<Span> {
  const { spec } = run.source;
  const S = run.rowsOf(layer);
  const input = run.inputs[layer];
  if (!input) throw new Error(`the run has no layer ${layer}`);
  const leased = await leaseLayer(weights, run.source, layer, signal, queryRoles);
  const queries = context.storage(S * spec.H * pad4(spec.K), `queries ${layer}`);
  const normed = context.storage(S * pad4(spec.D), 'normed');
  const tables = new RotaryTables(context, spec, 0, S);
  const batch = context.batch();
  const rows = readStream(context, batch, spec, leased, 'attention', input, normed, S);
  projectQueries(context, batch, spec, leased, { rows, S, table: tables.of(layer) }, queries);
  batch.submit();
  leased.release();
  normed.buffer.destroy();
  tables.destroy();
  return queries;
}
