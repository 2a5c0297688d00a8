/**
 * A conversion as a weight source: wraps another source and reads as if the checkpoint had fewer KV heads.
 * Role: applies a grouping and a merge. Pooling merges are applied when a weight is read; solving merges once, here,
 * layer by layer. It writes no files (checkpoint/exportCheckpoint.ts does) and computes no merge itself (merges/).
 */
import type { Calibration } from '../model/calibration';
import { layerOf } from '../model/specFacts';
import type { LayerRole, Role } from '../model/roles';
import type { ModelSpec } from '../model/spec';
import type { Weight, WeightSource } from '../model/weightSource';
import type { TaskContext } from '../protocol/tasks';
import { checkGrouping, groupingView, isContiguous, isIdentity, type Grouping } from './grouping';
import { poolKeyNorms } from './merges/pool';
import type { MergedLayer, MergeMethod, SolvedLayer, SourceLayer } from './merge';

/** What a conversion may need besides the weights. */
export interface ConversionTools {
  /** Activations; null unless the merge `needsText`. */
  calibration: Calibration | null;
  /** Gets the source with aligned heads, before anything is pooled: it must compute what the source computes. */
  check?: (turned: WeightSource) => Promise<void>;
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
  { calibration, check, task }: ConversionTools,
): Promise<WeightSource> {
  checkGrouping(grouping, source.spec);
  if (isIdentity(grouping)) return source;
  if (merge.kind === 'pool') {
    const read = (layer: number): MergedLayer =>
      layerOf(source.spec, layer).grouped ? pooled(source, grouping, layer, (own) => merge.pool(own)) : {};
    return new ConvertedSource(source, groupedSpec(source.spec, grouping), read);
  }
  const { turn } = merge;
  let base = source;
  if (turn) {
    const turned = await solveLayers(source, task, (layer, part) => turn(sourceLayer(source, grouping, layer), part));
    base = new ConvertedSource(source, source.spec, (layer) => turned[layer] ?? {});
    await check?.(base);
  }
  const solved = await solveLayers(base, task, (layer, part) =>
    merge.solve(sourceLayer(base, grouping, layer), calibration?.layer(layer) ?? null, part),
  );
  const read = (layer: number): MergedLayer =>
    layerOf(source.spec, layer).grouped ? pooled(source, grouping, layer, () => solved[layer] ?? {}) : {};
  return new ConvertedSource(base, groupedSpec(source.spec, grouping), read);
}

/** What a merge makes of a layer, and of the gains of its key heads where the merge does not say. */
function pooled(
  source: WeightSource,
  grouping: Grouping,
  layer: number,
  merge: (own: SourceLayer) => MergedLayer,
): MergedLayer {
  const own = sourceLayer(source, grouping, layer);
  return { ...poolKeyNorms(own), ...merge(own) };
}

async function solveLayers(
  { spec: { layers } }: WeightSource,
  task: TaskContext,
  solve: (layer: number, task: TaskContext) => Promise<SolvedLayer>,
): Promise<MergedLayer[]> {
  const solved: MergedLayer[] = [];
  const L = layers.length;
  for (const [layer, { grouped }] of layers.entries()) {
    const report = (message: string, fraction: number | null): void =>
      task.report(`Layer ${layer + 1} of ${L}: ${message}`, (layer + (fraction ?? 0)) / L);
    task.report(`Layer ${layer + 1} of ${L}`, layer / L);
    if (!grouped) {
      solved.push({});
      continue;
    }
    // Solvers compute for a while without a pause: let cancellation and other calls in between.
    await new Promise((resolve) => setTimeout(resolve, 0));
    task.signal.throwIfAborted();
    solved.push(inMemory(await solve(layer, { signal: task.signal, report })));
  }
  return solved;
}

/** The spec of a model whose KV heads are grouped: G changes, and who reads what where that is not floor(h / R). */
function groupedSpec(spec: ModelSpec, grouping: Grouping): ModelSpec {
  const { G } = grouping;
  if (isContiguous(grouping)) return { ...spec, G };
  return { ...spec, G, groupOfHead: groupingView(spec, grouping).groupOfHead };
}

function sourceLayer(source: WeightSource, { G, groupOfKvHead }: Grouping, layer: number): SourceLayer {
  return {
    spec: source.spec,
    layer,
    G,
    groupOfKvHead: groupOfKvHead[layer] ?? [],
    weights: source,
    has: (role) => source.has(role, layer),
    read: (role, signal) => source.read(role, layer, signal),
  };
}

function inMemory(weights: SolvedLayer): MergedLayer {
  const entries = Object.entries(weights).map(([role, weight]) => [role, () => Promise.resolve(weight)] as const);
  return Object.fromEntries(entries);
}

class ConvertedSource implements WeightSource {
  constructor(
    private readonly source: WeightSource,
    readonly spec: ModelSpec,
    private readonly mergedLayer: (layer: number) => MergedLayer,
  ) {}

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
