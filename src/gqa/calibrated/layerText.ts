/**
 * A layer's attention on the calibration text, on the GPU: its two sides, its maps, and products with them.
 * Role: the pieces that least squares on a text are made of. What is solved with them is in the other files of this folder.
 * Maps are kept, windows · H · S · T numbers in pieces that can be bound: a fit multiplies with them again and again.
 */
import type { Batch } from '../../gpu/batch';
import type { GpuContext, Span } from '../../gpu/context';
import { attentionMaps } from '../../gpu/operations/attention';
import { uploadChosenHeads, uploadHeadGroups, type HeadGroups } from '../../gpu/operations/headGroups';
import {
  mapProduct,
  mapTransposedProduct,
  type MapProductShape,
  type MapWindows,
} from '../../gpu/operations/mapProducts';
import { pad4 } from '../../gpu/operations/matrix';
import type { LayerCalibration, TextInputs } from '../../model/calibration';
import { layerOf, positionOf } from '../../model/specFacts';
import type { ModelSpec } from '../../model/spec';
import { GqaLensError } from '../../protocol/errors';
import { applyHeadNorm, type HeadNorms } from './headNorms';
import { TextSide } from './textSide';

/** Windows must have lengths whose maps start at offsets that WebGPU can bind. */
export const windowMultiple = 16;
/** Bytes of maps in one buffer, where a window's maps are not larger. */
const pieceBytes = 64 * 2 ** 20;

/** Sizes of a layer on the text: windows of S queries and T keys, H heads of K, projections of W inputs (D, and 1 for biases). */
export interface TextSizes {
  windows: number;
  S: number;
  T: number;
  H: number;
  K: number;
  D: number;
  W: number;
}

/** Who reads whom, on the GPU, beside who does in the original. */
export interface Sharing {
  G: number;
  /** [H] */
  groupOfHead: readonly number[];
  /** u32 [2, H]: the KV head of each query head here, and in the original. */
  readers: Span;
  groups: HeadGroups;
  /** What queries and keys go through before they are turned; null in most models. */
  norms: HeadNorms | null;
}

/** Attention probabilities of the whole text: pieces [windows, H, S, T]. */
export type TextMaps = readonly { span: Span; firstWindow: number; windows: number }[];

/** Projected and turned by position: queries [windows·S, H, pad4(K)] and keys [windows·T, G, pad4(K)]. */
export interface Projected {
  queries: Span;
  keys: Span;
}

export class LayerText {
  readonly context: GpuContext;
  readonly sizes: TextSizes;
  /** Factor on the dot product. */
  readonly scale: number;
  readonly queries: TextSide;
  readonly keys: TextSide;
  readonly causal: boolean;
  private readonly owned = new Set<Span>();

  /**
   * @param layer decides scale and position
   * @param originally [H] KV head that each query head reads in the original
   * @param W columns of the projections
   */
  constructor(
    private readonly calibration: LayerCalibration,
    spec: ModelSpec,
    layer: number,
    private readonly originally: readonly number[],
    W: number,
  ) {
    const { context } = calibration;
    const keys = calibration.memory ?? calibration;
    const { H, K, D } = spec;
    for (const length of [keys.T, calibration.T]) {
      if (length % windowMultiple === 0) continue;
      throw new GqaLensError('input-invalid', 'Windows of the calibration text have an odd length', {
        expected: `a multiple of ${windowMultiple} tokens`,
        found: `${length} tokens`,
        next: 'Use a longer text.',
      });
    }
    this.context = context;
    this.sizes = { windows: keys.N / keys.T, S: calibration.T, T: keys.T, H, K, D, W };
    const { scale, attention } = layerOf(spec, layer);
    this.scale = scale;
    this.causal = attention === 'causal';
    const position = positionOf(spec, layer);
    const side = ({ x, T: length }: TextInputs): TextSide => new TextSide(context, x, { length, D, W, K }, position);
    this.keys = side(keys);
    this.queries = keys === calibration ? this.keys : side(calibration);
  }

  /** Windows whose maps are in one buffer, at most. */
  private get windowsOfPiece(): number {
    const { H, S, T, windows } = this.sizes;
    const most = Math.floor(Math.min(pieceBytes, this.context.maxBindingBytes) / (H * S * T * 4));
    return Math.min(windows, Math.max(1, most));
  }

  /** Numbers of the largest piece of maps. */
  get numbersOfPiece(): number {
    const { H, S, T } = this.sizes;
    return this.windowsOfPiece * H * S * T;
  }

  /** Frees everything this object made, and what callers got from it. */
  destroy(): void {
    this.queries.destroy();
    if (this.keys !== this.queries) this.keys.destroy();
    for (const { buffer } of this.owned) buffer.destroy();
    this.owned.clear();
  }

  /** A buffer of `count` numbers that lives as long as this object, unless freed before. */
  storage(count: number, label: string): Span {
    return this.own(this.context.storage(count, label));
  }

  /** Takes a span over, to be freed with the others. */
  own(span: Span): Span {
    this.owned.add(span);
    return span;
  }

  free(...spans: readonly Span[]): void {
    for (const span of spans) {
      span.buffer.destroy();
      this.owned.delete(span);
    }
  }

  freeMaps(maps: TextMaps): void {
    this.free(...maps.map(({ span }) => span));
  }

  /** @param groupOfHead [H] */
  sharing(groupOfHead: readonly number[], G: number, norms: HeadNorms | null = null): Sharing {
    const groups = uploadHeadGroups(this.context, groupOfHead, G);
    this.own(groups.span);
    const readers = this.context.upload(Uint32Array.from([...groupOfHead, ...this.originally]), 'readers');
    return { G, groupOfHead, groups, readers: this.own(readers), norms };
  }

  /** Queries and keys of weights [H·pad4(K), pad4(W)] and [G·pad4(K), pad4(W)] on the text; the caller frees them. */
  projectBoth(q: Span, k: Span, { G, norms }: Pick<Sharing, 'G' | 'norms'>): Projected {
    const batch = this.context.batch();
    const raw: Span[] = [];
    const project = (side: TextSide, name: 'q' | 'k', weights: Span, heads: number): Span => {
      const count = side.N * heads * pad4(this.sizes.K);
      const out = this.storage(count, `projected ${name}`);
      if (norms) {
        const before = this.context.storage(count, `${name} before its norm`);
        raw.push(before);
        side.project(batch, weights, heads, before);
        applyHeadNorm(this.context, batch, norms, name, before, out, { N: side.N, heads });
      } else {
        side.project(batch, weights, heads, out);
      }
      side.turn(batch, out, heads);
      return out;
    };
    const queries = project(this.queries, 'q', q, this.sizes.H);
    const keys = project(this.keys, 'k', k, G);
    batch.submit();
    for (const { buffer } of raw) buffer.destroy();
    return { queries, keys };
  }

  /** The attention probabilities of projected queries and keys; the caller frees them. */
  async maps({ queries, keys }: Projected, { groupOfHead, G }: Sharing, signal: AbortSignal): Promise<TextMaps> {
    const { windows, S, T, H, K } = this.sizes;
    const bytes = H * S * T * 4;
    const most = this.windowsOfPiece;
    const heads = Array.from({ length: H }, (_, head) => head);
    const chosen = uploadChosenHeads(this.context, heads, groupOfHead, G);
    this.own(chosen.span);
    const { shape, destroy } = await this.calibration.attention(signal);
    const part = (span: Span, window: number, size: number): Span => ({
      buffer: span.buffer,
      offset: window * size,
      size,
    });
    const maps: { span: Span; firstWindow: number; windows: number }[] = [];
    for (let firstWindow = 0; firstWindow < windows; firstWindow += most) {
      const count = Math.min(most, windows - firstWindow);
      const span = this.storage((count * bytes) / 4, 'maps');
      maps.push({ span, firstWindow, windows: count });
      const batch = this.context.batch();
      for (let index = 0; index < count; index++) {
        const window = firstWindow + index;
        const [q, k] = [part(queries, window, S * H * pad4(K) * 4), part(keys, window, T * G * pad4(K) * 4)];
        const map = part(span, index, bytes);
        attentionMaps(this.context, batch, q, k, chosen, map, { row0: 0, rows: S }, shape);
      }
      batch.submit();
    }
    this.free(chosen.span);
    destroy();
    return maps;
  }

  /** out[windows·S, H, columns] = factor · map · x for x [windows·T, G, columns]: what heads see. */
  product(
    batch: Batch,
    maps: TextMaps,
    x: Span,
    { G, readers }: Sharing,
    out: Span,
    { columns = pad4(this.sizes.K), factor = 1 }: { columns?: number; factor?: number } = {},
  ): void {
    for (const { span, ...piece } of maps) {
      mapProduct(batch, span, x, readers, out, this.productShape(piece, G, columns, factor));
    }
  }

  /** out[windows·T, G, pad4(K)] = factor · mapᵀ · x for x [windows·S, H, pad4(K)], summed over the heads of a group. */
  transposedProduct(batch: Batch, maps: TextMaps, x: Span, { G, groups }: Sharing, out: Span, factor = 1): void {
    for (const { span, ...piece } of maps) {
      const shape = this.productShape(piece, G, pad4(this.sizes.K), factor);
      mapTransposedProduct(batch, span, x, groups.span, out, shape);
    }
  }

  windowsOf({ firstWindow, windows }: Pick<MapWindows, 'firstWindow' | 'windows'>): MapWindows {
    const { S, T, H } = this.sizes;
    return { S, T, H, causal: this.causal, firstWindow, windows };
  }

  private productShape(
    piece: Pick<MapWindows, 'firstWindow' | 'windows'>,
    G: number,
    columns: number,
    factor: number,
  ): MapProductShape {
    return { ...this.windowsOf(piece), G, columns, factor };
  }
}
