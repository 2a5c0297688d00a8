/**
 * Attention maps of finished runs, by id: tiles, exact rows and columns, statistics, and how far two runs' maps are apart.
 * Role: finds the run, refuses what it does not have, asks the GPU. The maps themselves are computed in src/model.
 */
import { readColumn, readStatistics } from '../model/mapNumbers';
import { readDivergence, readMaps, readRow } from '../model/maps';
import { readTile } from '../model/mapTile';
import { GqaLensError } from '../protocol/errors';
import type {
  AttentionColumn,
  AttentionColumnRequest,
  AttentionRequest,
  AttentionRow,
  AttentionRowRequest,
  AttentionTile,
  HeadStatistics,
  HeadStatisticsRequest,
  MapWindow,
} from '../protocol/maps';
import type { HeadDivergence } from '../protocol/measures';
import type { TaskContext } from '../protocol/tasks';
import type { EngineGpu } from './gpu';
import { checkIndex } from './indices';
import { correspondingRuns } from './runPairs';
import type { RunRegistry } from './runs';

/** All of it throws GqaLensError: unknown-id for runs that are gone, input-invalid for layers, heads and positions. */
export class RunMaps {
  constructor(
    private readonly gpu: EngineGpu,
    private readonly runs: RunRegistry,
  ) {}

  async tile(request: AttentionRequest, task: TaskContext): Promise<AttentionTile> {
    const { runId, layer, heads } = request;
    const { context, weights, run } = await this.look(runId, layer, heads);
    const window = windowOf(request, run.kept.rowsOf(layer), run.kept.keysOf(layer));
    const other =
      request.minus === undefined ? null : correspondingRuns(this.runs, request.minus, runId, layer)[0].kept;
    return readTile(context, weights, run.kept, window === undefined ? request : { ...request, window }, task, other);
  }

  async row(request: AttentionRowRequest, task: TaskContext): Promise<AttentionRow> {
    const { runId, layer, heads, query } = request;
    const { context, weights, run } = await this.look(runId, layer, heads);
    checkIndex('query position', query, run.kept.rowsOf(layer));
    return readRow(context, weights, run.kept, request, task);
  }

  async column(request: AttentionColumnRequest, task: TaskContext): Promise<AttentionColumn> {
    const { runId, layer, heads, key } = request;
    const { context, weights, run } = await this.look(runId, layer, heads);
    checkIndex('key position', key, run.kept.keysOf(layer));
    const column = await readColumn(context, weights, run.kept, layer, heads, key, task);
    return { layer, heads, key, weights: column };
  }

  async statistics({ runId, layer }: HeadStatisticsRequest, task: TaskContext): Promise<HeadStatistics> {
    const { context, weights, run } = await this.look(runId, layer, [0]);
    return readStatistics(context, weights, run.kept, layer, task);
  }

  /** [H, S, T] float32 attention probabilities of a layer. */
  async whole(runId: string, layer: number, task: TaskContext): Promise<Float32Array> {
    const { kept } = this.runs.get(runId);
    const heads = Array.from({ length: kept.source.spec.H }, (_, head) => head);
    const { context, weights } = await this.look(runId, layer, heads);
    return readMaps(context, weights, kept, layer, heads, [0, kept.rowsOf(layer)], task);
  }

  async divergence(runA: string, runB: string, layer: number, task: TaskContext): Promise<HeadDivergence> {
    const [a, b] = correspondingRuns(this.runs, runA, runB, layer);
    const { context, weights } = await this.gpu.ready();
    return readDivergence(context, weights, a.kept, b.kept, layer, task);
  }

  private async look(runId: string, layer: number, heads: readonly number[]) {
    const run = this.runs.get(runId);
    const { L, H } = run.kept.source.spec;
    checkIndex('layer', layer, L);
    if (heads.length === 0) throw new GqaLensError('input-invalid', 'No head was asked for');
    for (const head of heads) checkIndex('head', head, H);
    const { context, weights } = await this.gpu.ready();
    return { context, weights, run };
  }
}

/** The part of a map that is asked for. @throws GqaLensError input-invalid for an empty one and for sizes that are none */
function windowOf({ window, size, memberSize }: AttentionRequest, S: number, T: number): MapWindow | undefined {
  for (const side of [size, memberSize]) {
    if (side === undefined || (Number.isInteger(side) && side > 0)) continue;
    throw new GqaLensError('input-invalid', `A map cannot have ${side} cells a side`, { expected: 'at least 1' });
  }
  if (window === undefined) return undefined;
  const { q0, q1, k0, k1 } = window;
  const cut = { q0: Math.max(0, q0), q1: Math.min(S, q1), k0: Math.max(0, k0), k1: Math.min(T, k1) };
  if (Object.values(cut).every(Number.isInteger) && cut.q0 < cut.q1 && cut.k0 < cut.k1) return cut;
  throw new GqaLensError('input-invalid', 'The map has no such part', {
    expected: `queries within 0 to ${S}, keys within 0 to ${T}`,
    found: `queries ${q0} to ${q1}, keys ${k0} to ${k1}`,
  });
}
