/**
 * Puts query heads in group order, so that any equal groups become runs of adjacent heads: what files can hold.
 * Role: the change of order and nothing else; the model computes what it computed. Needed where a file says G by position
 * alone; a file that repeats pooled heads for their readers needs no order.
 * Source: METHODS "Grouping": attention sums over heads, so their order is free as long as all that belongs to a head moves
 * with it.
 */
import { groupOfHead, kvHeadsOf, positionOf } from '../model/specFacts';
import type { LayerRole, Role } from '../model/roles';
import type { ModelSpec } from '../model/spec';
import type { Weight, WeightSource } from '../model/weightSource';
import { GqaLensError } from '../protocol/errors';

/** What belongs to a query head: a block of rows or of columns of each of these weights. */
const headBlocks: Partial<Record<LayerRole, 'rows' | 'columns'>> = {
  'q.weight': 'rows',
  'q.bias': 'rows',
  'o.weight': 'columns',
  'q.norm.weight': 'rows',
  'q.norm.bias': 'rows',
  sinks: 'rows',
};

/**
 * The same function with contiguous groups: query heads are reordered, layer by layer, and `groupOfHead` is gone.
 * @returns `source` itself when its groups are contiguous already
 * @throws GqaLensError conversion-invalid when a layer's groups are of different sizes, or heads cannot change places
 */
export function contiguous(source: WeightSource): WeightSource {
  const { spec } = source;
  if (spec.groupOfHead === undefined) return source;
  refuseFixedPlaces(spec);
  return new PermutedSource(
    source,
    spec.layers.map((_, layer) => headOrder(spec, layer)),
  );
}

/** Position biases that belong to a place among the heads, the same in every layer, cannot move with a head. */
function refuseFixedPlaces(spec: ModelSpec): void {
  const fixed = spec.layers.find((_, layer) => ['slopes', 'buckets'].includes(positionOf(spec, layer).kind));
  if (!fixed) return;
  throw new GqaLensError('conversion-invalid', 'The heads of this model cannot change places', {
    expected: 'groups of adjacent heads',
    found: `${spec.positionText}: each place among the heads has its own`,
    next: 'Choose the contiguous grouping. Other groups can be looked at and measured.',
  });
}

/** The query heads of a layer in group order. */
function headOrder(spec: ModelSpec, layer: number): number[] {
  const G = kvHeadsOf(spec, layer);
  const groups = groupOfHead(spec, layer);
  const members = Array.from({ length: G }, (_, group) => groups.flatMap((own, head) => (own === group ? [head] : [])));
  const sizes = members.map(({ length }) => length);
  if (new Set(sizes).size > 1) {
    throw new GqaLensError('conversion-invalid', 'A checkpoint file cannot hold groups of different sizes', {
      expected: `${spec.H / G} query heads in each of ${G} groups: files say only how many KV heads there are`,
      found: `${spec.layers[layer]?.title ?? `layer ${layer}`} with groups of ${sizes.join(', ')}`,
      next: 'Make the groups equal in every layer. Unequal groups can be looked at and measured.',
    });
  }
  return members.flat();
}

class PermutedSource implements WeightSource {
  readonly spec: ModelSpec;

  /** @param order [L][H] which head of the source stands in each place */
  constructor(
    private readonly source: WeightSource,
    private readonly order: readonly (readonly number[])[],
  ) {
    const spec = { ...source.spec };
    delete spec.groupOfHead;
    this.spec = spec;
  }

  owner(role: Role, layer: number | null): WeightSource {
    if (this.movedAlong(role, layer) !== undefined) return this;
    return this.source.owner?.(role, layer) ?? this.source;
  }

  has(role: Role, layer: number | null): boolean {
    return this.source.has(role, layer);
  }

  async read(role: Role, layer: number | null, signal?: AbortSignal): Promise<Weight> {
    const weight = await this.source.read(role, layer, signal);
    const along = this.movedAlong(role, layer);
    if (along === undefined || layer === null) return weight;
    const order = this.order[layer] ?? [];
    return along === 'rows' ? moveRows(weight, order) : moveColumns(weight, order);
  }

  async readRows(role: Role, layer: number | null, start: number, end: number, signal?: AbortSignal): Promise<Weight> {
    if (this.movedAlong(role, layer) === undefined) return this.source.readRows(role, layer, start, end, signal);
    const { data, columns } = await this.read(role, layer, signal);
    return { data: data.slice(start * columns, end * columns), rows: end - start, columns };
  }

  /** Undefined where nothing moves: other roles, and layers whose heads are in order. */
  private movedAlong(role: Role, layer: number | null): 'rows' | 'columns' | undefined {
    if (layer === null || this.order[layer]?.every((head, place) => head === place)) return undefined;
    // A norm that all heads share belongs to none of them.
    if (role.startsWith('q.norm.') && this.spec.queryKeyNorm?.shared) return undefined;
    return headBlocks[role as LayerRole];
  }
}

/** Row blocks in a new order: block i of the result is block order[i]. */
function moveRows({ data, rows, columns }: Weight, order: readonly number[]): Weight {
  const block = data.length / order.length;
  const moved = new Float32Array(data.length);
  order.forEach((head, place) => moved.set(data.subarray(head * block, (head + 1) * block), place * block));
  return { data: moved, rows, columns };
}

function moveColumns({ data, rows, columns }: Weight, order: readonly number[]): Weight {
  const block = columns / order.length;
  const moved = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    order.forEach((head, place) => {
      const from = row * columns + head * block;
      moved.set(data.subarray(from, from + block), row * columns + place * block);
    });
  }
  return { data: moved, rows, columns };
}
