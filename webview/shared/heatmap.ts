/**
 * An attention map on a canvas: the whole of it or a part that is zoomed to, a crosshair, and events that name query and key.
 * Role: drawing. It knows no weights, no runs and no requests; how it is pointed at and moved is mapGestures.ts, arithmetic of
 * views mapView.ts, that of pixels mapBitmap.ts.
 */
import { element } from './dom';
import './heatmap.css';
import { layerBitmap, sameLayer, type HeatmapLayer } from './mapBitmap';
import { MapGestures, type GestureEvents } from './mapGestures';
import { boxOf, isWhole, WHOLE_MAP, type Box, type Cell, type MapView } from './mapView';

export type { Cell };

export interface HeatmapEvents extends GestureEvents {
  /** The map's side has so many device pixels now. */
  resized?(pixels: number): void;
}

export interface HeatmapPicture {
  /** Query and key positions of the whole map. */
  S: number;
  T: number;
  causal: boolean;
  /** What is known of it: the whole first, then parts with more detail. Later ones lie over earlier ones. */
  layers: readonly HeatmapLayer[];
  /** The first token's column is shown faded. */
  fadeFirst: boolean;
}

/** What is marked above a map. */
export interface HeatmapMarks {
  query: number | null;
  key: number | null;
  /** Selected token: its row is outlined. */
  token: number | null;
}

export class Heatmap {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly #marks: Record<'row' | 'column' | 'token', HTMLElement>;
  readonly #shownMarks: HeatmapMarks = { query: null, key: null, token: null };
  readonly #events: HeatmapEvents;
  readonly #gestures: MapGestures;
  #picture: HeatmapPicture | null = null;
  #view: MapView = WHOLE_MAP;
  /** Device pixels of a side; 0 before the map is laid out. */
  #pixels = 0;
  #painted: { picture: HeatmapPicture; view: MapView; pixels: number } | null = null;
  #bitmaps: { layer: HeatmapLayer; bitmap: HTMLCanvasElement }[] = [];

  /** @param attributes test id and data attributes of the canvas, and its aria-label */
  constructor(attributes: Record<string, string | number>, events: HeatmapEvents) {
    this.#events = events;
    this.canvas = element('canvas', { role: 'img', tabindex: 0, class: 'heatmap-canvas', ...attributes });
    this.#marks = {
      row: element('div', { class: 'mark mark-row', hidden: true }),
      column: element('div', { class: 'mark mark-column', hidden: true }),
      token: element('div', { class: 'mark mark-token', hidden: true }),
    };
    this.element = element('div', { class: 'heatmap' }, this.canvas, ...Object.values(this.#marks));
    this.#gestures = new MapGestures(this.canvas, events);
    new ResizeObserver(([entry]) => this.#resize(entry?.contentRect.width ?? 0)).observe(this.canvas);
  }

  /** Says which token of the text the cell that is pointed at is of: a context menu tells it. */
  tellToken(token: number | null): void {
    if (token === null) delete this.canvas.dataset.token;
    else this.canvas.dataset.token = String(token);
  }

  /** Device pixels of a side: more cells than that are pooled, fewer are scaled up, sharply. 0 before the map is laid out. */
  get pixels(): number {
    return this.#pixels;
  }

  /** Draws a map. Cells above the diagonal of a causal map stay transparent: they are not weights. */
  draw(picture: HeatmapPicture): void {
    this.#picture = picture;
    this.#paint();
    this.#placeMarks();
    this.#gestures.show(picture);
  }

  /** Shows a part of the map. */
  look(view: MapView): void {
    this.#view = view;
    this.canvas.classList.toggle('zoomed', !isWhole(view));
    this.#paint();
    this.#placeMarks();
    this.#gestures.look(view);
  }

  /** Moves the crosshair and the outline. Nothing is painted. */
  mark({ query, key, token }: HeatmapMarks): void {
    const shown = this.#shownMarks;
    if (query === shown.query && key === shown.key && token === shown.token) return;
    Object.assign(shown, { query, key, token });
    this.#placeMarks();
  }

  #placeMarks(): void {
    const { query, key, token } = this.#shownMarks;
    place(this.#marks.row, this.#rowBox(query));
    place(this.#marks.column, this.#columnBox(key));
    place(this.#marks.token, this.#rowBox(token));
  }

  /** A row's box in shares of what is shown, up to the diagonal; null when the map has no such row. */
  #rowBox(query: number | null): Box | null {
    const { S, T, causal } = this.#picture ?? { S: 0, T: 0, causal: true };
    if (query === null || query >= S) return null;
    return boxOf({ q0: query, q1: query + 1, k0: 0, k1: causal ? query + 1 : T }, this.#view, S, T);
  }

  #columnBox(key: number | null): Box | null {
    const { S, T, causal } = this.#picture ?? { S: 0, T: 0, causal: true };
    if (key === null || key >= T) return null;
    return boxOf({ q0: causal ? key : 0, q1: S, k0: key, k1: key + 1 }, this.#view, S, T);
  }

  #resize(width: number): void {
    const pixels = Math.round(width * window.devicePixelRatio);
    if (pixels === this.#pixels || pixels === 0) return;
    this.#pixels = pixels;
    this.#paint();
    this.#events.resized?.(pixels);
  }

  /** Paints what is not on the canvas yet: nothing where picture, view and size are those of the last time. */
  #paint(): void {
    const [picture, view, pixels] = [this.#picture, this.#view, this.#pixels];
    if (picture === null || pixels === 0) return;
    const last = this.#painted;
    if (last?.view === view && last.pixels === pixels && samePicture(last.picture, picture)) return;
    const bitmaps = picture.layers.map((layer) => ({ layer, bitmap: this.#bitmap(layer, picture) }));
    this.#painted = { picture, view, pixels };
    this.#bitmaps = bitmaps;
    const context = this.canvas.getContext('2d');
    if (context === null) return;
    const [first] = bitmaps;
    if (first !== undefined && bitmaps.length === 1 && isWhole(view)) {
      // The compositor scales it up to the map's size: it costs no more pixels than there are cells.
      this.canvas.width = first.bitmap.width;
      this.canvas.height = first.bitmap.height;
      context.drawImage(first.bitmap, 0, 0);
      return;
    }
    this.canvas.width = this.canvas.height = pixels;
    context.imageSmoothingEnabled = false;
    for (const { layer, bitmap } of bitmaps) {
      const { left, top, width, height } = boxOf(layer.window, view, picture.S, picture.T);
      const box = [left, top, width, height].map((share) => share * pixels) as [number, number, number, number];
      // What lies below is coarser and must not show through where this one is seen through.
      context.clearRect(...box);
      context.drawImage(bitmap, ...box);
    }
  }

  /** A layer's pixels: those of the last time where they are the same. */
  #bitmap(layer: HeatmapLayer, picture: HeatmapPicture): HTMLCanvasElement {
    const most = mostCells(layer, this.#view, picture, this.#pixels);
    const known = this.#bitmaps.find((one) => sameLayer(one.layer, layer))?.bitmap;
    const isSame =
      this.#painted?.picture.fadeFirst === picture.fadeFirst && known?.width === Math.min(layer.columns, most);
    return known !== undefined && isSame ? known : layerBitmap(layer, picture.causal, picture.fadeFirst, most);
  }
}

function samePicture(one: HeatmapPicture, other: HeatmapPicture): boolean {
  return (
    one.S === other.S &&
    one.T === other.T &&
    one.causal === other.causal &&
    one.fadeFirst === other.fadeFirst &&
    one.layers.length === other.layers.length &&
    one.layers.every((layer, place) => {
      const partner = other.layers[place];
      return partner !== undefined && sameLayer(layer, partner);
    })
  );
}

/** Cells a side that show in a view: a cell a device pixel; in steps, so that zooming pools a layer rarely. */
function mostCells({ window }: HeatmapLayer, { span }: MapView, { T }: HeatmapPicture, pixels: number): number {
  const share = (window.k1 - window.k0) / T;
  return Math.ceil(pixels * share * 2 ** Math.floor(Math.log2(1 / span))) + 1;
}

/** Puts a mark at a box in shares of the map's sides, or hides it. */
function place(mark: HTMLElement, box: Box | null): void {
  mark.hidden = box === null;
  if (box === null) return;
  for (const [side, share] of Object.entries(box)) mark.style.setProperty(side, `${share * 100}%`);
}
