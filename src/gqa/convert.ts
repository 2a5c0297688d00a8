/**
 * A conversion as a weight source: wraps another source and reads as if the checkpoint had fewer KV heads.
 * Role: applies a grouping and a merge lazily, layer by layer. It writes no files (checkpoint/exportCheckpoint.ts does)
 * and computes no merge itself (merges/).
 */
import { GqaLensError } from '../protocol/errors';
import type { ConversionRequest } from '../protocol/model';
import type { LayerRole, ModelSpec, Role, Weight, WeightSource } from '../model/spec';
import { isContiguous, isIdentity, makeGrouping, type Grouping } from './grouping';
import { merges, type MergedLayer, type MergeMethod } from './merge';
import { findMethod } from './registry';

/** The layer in use and the one that is read ahead of it. */
const keptLayers = 2;

/**
 * Wraps `source` so that each group of its KV heads reads as one merged head.
 * @returns `source` itself when the grouping leaves every head where it is.
 * @throws GqaLensError `conversion-invalid` when the grouping does not belong to this model or is not contiguous.
 */
export function convert(source: WeightSource, grouping: Grouping, merge: MergeMethod): WeightSource {
  checkGrouping(source.spec, grouping);
  return isIdentity(grouping) ? source : new ConvertedSource(source, grouping, merge);
}

/** `convert` by registry ids; null is the checkpoint as it is. */
export function convertAs(source: WeightSource, conversion: ConversionRequest | null): WeightSource {
  if (conversion === null) return source;
  const { L, G: sourceG } = source.spec;
  const grouping = makeGrouping(conversion.grouping, L, sourceG, conversion.G);
  return convert(source, grouping, findMethod(merges, conversion.merge, 'merge'));
}

function checkGrouping(spec: ModelSpec, grouping: Grouping): void {
  const { G, groupOfKvHead } = grouping;
  const fits =
    groupOfKvHead.length === spec.L &&
    groupOfKvHead.every(
      (groups) =>
        groups.length === spec.G && groups.every((group) => Number.isInteger(group) && group >= 0 && group < G),
    );
  if (!fits) {
    throw new GqaLensError('conversion-invalid', 'The grouping does not belong to this model', {
      expected: `${spec.L} layers of ${spec.G} KV heads in groups 0 to ${G - 1}`,
      found: `${groupOfKvHead.length} layers of ${groupOfKvHead[0]?.length ?? 0} KV heads`,
    });
  }
  if (!isContiguous(grouping)) {
    throw new GqaLensError('conversion-invalid', 'Only equal groups of adjacent heads can be applied', {
      expected: 'query head h in group floor(h / (H / G))',
      next: 'Choose the contiguous grouping.',
    });
  }
}

class ConvertedSource implements WeightSource {
  readonly spec: ModelSpec;
  /** Readers of the layers used last, oldest first. */
  private readonly layers = new Map<number, MergedLayer>();

  constructor(
    private readonly source: WeightSource,
    private readonly grouping: Grouping,
    private readonly merge: MergeMethod,
  ) {
    this.spec = { ...source.spec, G: grouping.G };
  }

  owner(role: Role, layer: number | null): WeightSource {
    if (this.mergedReader(role, layer) !== undefined) return this;
    return this.source.owner?.(role, layer) ?? this.source;
  }

  has(role: Role, layer: number | null): boolean {
    return this.source.has(role, layer);
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
    if (layer === null || !this.source.has(role, layer)) return undefined;
    // A role that is asked for with a layer number is a layer role.
    return this.mergedLayer(layer)[role as LayerRole];
  }

  private mergedLayer(layer: number): MergedLayer {
    const merged =
      this.layers.get(layer) ??
      this.merge.mergeLayer({
        spec: this.source.spec,
        layer,
        G: this.grouping.G,
        groupOfKvHead: this.grouping.groupOfKvHead[layer] ?? [],
        has: (role) => this.source.has(role, layer),
        read: (role, signal) => this.source.read(role, layer, signal),
      });
    this.layers.delete(layer);
    this.layers.set(layer, merged);
    for (const oldest of this.layers.keys()) {
      if (this.layers.size <= keptLayers) break;
      this.layers.delete(oldest);
    }
    return merged;
  }
}
