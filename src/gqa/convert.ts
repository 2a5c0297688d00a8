/**
 * A conversion as a weight source: wraps another source and reads as if the checkpoint had fewer KV heads.
 * Role: applies a grouping and a merge. Pooling merges are applied when a weight is read; solving merges once, here,
 * layer by layer. It writes no files (checkpoint/exportCheckpoint.ts does) and computes no merge itself (merges/).
 */
import type { Calibration } from '../model/calibration';
import type { LayerRole, ModelSpec, Role, Weight, WeightSource } from '../model/spec';
import type { TaskContext } from '../protocol/tasks';
import { checkGrouping, groupingView, isContiguous, isIdentity, type Grouping } from './grouping';
import type { MergedLayer, MergeMethod, SolvedLayer, SourceLayer } from './merge';

/** What a conversion may need besides the weights. */
export interface ConversionTools {
  /** Activations; null unless the merge `needsText`. */
  calibration: Calibration | null;
  task: TaskContext;
}

/**
 * Wraps `source` so that each group of its KV heads reads as one merged head.
 * @returns `source` itself when the grouping leaves every head where it is.
 * @throws GqaLensError `conversion-invalid` when the grouping does not belong to this model; AbortError when cancelled.
 */
export async function convert(
  source: WeightSource,
  grouping: Grouping,
  merge: MergeMethod,
  { calibration, task }: ConversionTools,
): Promise<WeightSource> {
  const { L, G } = source.spec;
  checkGrouping(grouping, L, G);
  if (isIdentity(grouping)) return source;
  if (merge.kind === 'pool') {
    return new ConvertedSource(source, grouping, (layer) => merge.pool(sourceLayer(source, grouping, layer)));
  }
  const solved: MergedLayer[] = [];
  for (let layer = 0; layer < L; layer++) {
    task.signal.throwIfAborted();
    const progress = (message: string, fraction: number | null): void =>
      task.report(`Layer ${layer + 1} of ${L}: ${message}`, (layer + (fraction ?? 0)) / L);
    const part: TaskContext = { signal: task.signal, report: progress };
    progress(merge.title, 0);
    const weights = await merge.solve(sourceLayer(source, grouping, layer), calibration?.layer(layer) ?? null, part);
    solved.push(inMemory(weights));
  }
  return new ConvertedSource(source, grouping, (layer) => solved[layer] ?? {});
}

function sourceLayer(source: WeightSource, { G, groupOfKvHead }: Grouping, layer: number): SourceLayer {
  return {
    spec: source.spec,
    layer,
    G,
    groupOfKvHead: groupOfKvHead[layer] ?? [],
    has: (role) => source.has(role, layer),
    read: (role, signal) => source.read(role, layer, signal),
  };
}

function inMemory(weights: SolvedLayer): MergedLayer {
  const entries = Object.entries(weights).map(([role, weight]) => [role, () => Promise.resolve(weight)] as const);
  return Object.fromEntries(entries);
}

class ConvertedSource implements WeightSource {
  readonly spec: ModelSpec;

  constructor(
    private readonly source: WeightSource,
    grouping: Grouping,
    private readonly mergedLayer: (layer: number) => MergedLayer,
  ) {
    const { spec } = source;
    this.spec = isContiguous(grouping)
      ? { ...spec, G: grouping.G }
      : { ...spec, G: grouping.G, groupOfHead: groupingView(spec, grouping).groupOfHead };
  }

  owner(role: Role, layer: number | null): WeightSource {
    if (this.mergedReader(role, layer) !== undefined) return this;
    return this.source.owner?.(role, layer) ?? this.source;
  }

  has(role: Role, layer: number | null): boolean {
    return this.mergedReader(role, layer) !== undefined || this.source.has(role, layer);
  }

  async read(role: Role, layer: number | null, signal?: AbortSignal): Promise<Weight> {
    const merged = this.mergedReader(role, layer);
    return merged === undefined ? this.source.read(role, layer, signal) : merged(signal);
  }

  async readRows(role: Role, layer: number | null, start: number, end: number, signal?: AbortSignal): Promise<Weight> {
    const merged = this.mergedReader(role, layer);
    if (merged === undefined) return this.source.readRows(role, layer, start, end, signal);
    const { data, rows, columns } = await merged(signal);
    if (start < 0 || end > rows || start > end) {
      throw new RangeError(`${role} of layer ${String(layer)} has ${rows} rows, asked for ${start} to ${end}`);
    }
    return { data: data.slice(start * columns, end * columns), rows: end - start, columns };
  }

  private mergedReader(role: Role, layer: number | null): MergedLayer[LayerRole] {
    // A role that is asked for with a layer number is a layer role.
    return layer === null ? undefined : this.mergedLayer(layer)[role as LayerRole];
  }
}
