/**
 * The two sides of a comparison: what each may be, what they are called, and what of them can be compared.
 * Role: for everybody who shows or runs a comparison. Pure.
 */
import type { ConversionRequest } from './conversion';
import type { MethodInfo, Registries } from './methods';
import type { LayerView, ModelSummary } from './model';

/** What one side of a comparison is, seen from the checkpoint that it is a comparison of. */
export type DiffSide =
  | { kind: 'opened' }
  /** Under the conversion that the explorer shows too: it follows that. */
  | { kind: 'converted' }
  /** Under a conversion of this side's own. */
  | { kind: 'conversion'; conversion: ConversionRequest }
  | { kind: 'checkpoint'; path: string };

export type SideId = 'a' | 'b';

/** In the order in which they are shown. */
export const sideIds: readonly SideId[] = ['a', 'b'];

export type DiffSides = Record<SideId, DiffSide>;

/** The checkpoint as it is beside its conversion. */
export const usualSides: DiffSides = { a: { kind: 'opened' }, b: { kind: 'converted' } };

/** A side as it is shown. */
export interface SideView {
  side: DiffSide;
  /** null: another checkpoint that is not open yet, or cannot be opened. */
  model: ModelSummary | null;
  /** null: the checkpoint as it is. */
  conversion: ConversionRequest | null;
  /** Tells it from the other side: "MHA", "GQA-2 · PCA", "child (GQA-2)". */
  name: string;
}

type Named = Omit<SideView, 'name'>;
type Naming = (side: Named) => string;

/** "MHA", "MQA" or "GQA-2": what a number of KV heads is called. */
export function attentionName(G: number, H: number): string {
  return G === H ? 'MHA' : G === 1 ? 'MQA' : `GQA-${G}`;
}

/** What both sides are called: no more than tells them apart. */
export function sideNames(
  sides: Record<SideId, Named>,
  { merges, groupings }: Pick<Registries, 'merges' | 'groupings'>,
): Record<SideId, string> {
  const titleOf = (methods: readonly MethodInfo[], id: string | undefined): string =>
    methods.find((method) => method.id === id)?.title ?? id ?? '';
  const heads: Naming = ({ model, conversion }) =>
    model === null ? '' : attentionName(conversion?.G ?? model.G, model.H);
  const merge: Naming = (side) => joined([heads(side), titleOf(merges, side.conversion?.merge)]);
  const grouping: Naming = (side) => joined([merge(side), titleOf(groupings, side.conversion?.grouping)]);
  const checkpoint =
    (parts: number): Naming =>
    (side) => {
      const path = side.side.kind === 'checkpoint' ? side.side.path : (side.model?.path ?? '');
      const name = path.split(/[\\/]/).filter((part) => part !== '').slice(-parts).join('/'); // prettier-ignore
      return side.model === null ? name : `${name} (${heads(side)})`;
    };
  const isOneModel = sides.a.model !== null && sides.a.model.modelId === sides.b.model?.modelId;
  const ways = isOneModel ? [heads, merge, grouping] : [checkpoint(1), checkpoint(2)];
  const names = ways.map((way) => ({ a: way(sides.a), b: way(sides.b) }));
  const [shortest] = names;
  return names.find(({ a, b }) => a !== b) ?? { a: `A: ${shortest?.a ?? ''}`, b: `B: ${shortest?.b ?? ''}` };
}

/**
 * Both sides as they are shown.
 * @param of the checkpoint that this is a comparison of, and its conversion
 * @param other finds another checkpoint that is open
 */
export function sideViews(
  sides: DiffSides,
  { model, conversion, registries }: { model: ModelSummary; conversion: ConversionRequest; registries: Registries },
  other: (path: string) => ModelSummary | null = () => null,
): Record<SideId, SideView> {
  const view = (side: DiffSide): Named => {
    if (side.kind === 'checkpoint') return { side, model: other(side.path), conversion: null };
    const own = side.kind === 'conversion' ? side.conversion : side.kind === 'converted' ? conversion : null;
    return { side, model, conversion: own?.G === model.G ? null : own };
  };
  const named = { a: view(sides.a), b: view(sides.b) };
  const names = sideNames(named, registries);
  return { a: { ...named.a, name: names.a }, b: { ...named.b, name: names.b } };
}

/** What can be compared layer by layer. */
export interface Comparable {
  /** Attention maps, head by head: both need the same layers and the same number of query heads. */
  heads: boolean;
  /** What layers add to the residual stream: both need the same layers and the same hidden size. */
  streams: boolean;
}

/** The sizes that decide it, of a spec or a summary. */
interface Shape {
  L: number;
  D: number;
  H: number;
  layers: readonly Pick<LayerView, 'attention'>[];
}

/** Layers of models of different shapes do not correspond; losses and predictions can be compared all the same. */
export function comparable(a: Shape, b: Shape): Comparable {
  const layers = a.L === b.L && a.layers.every(({ attention }, layer) => attention === b.layers[layer]?.attention);
  return { heads: layers && a.H === b.H, streams: layers && a.D === b.D };
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
