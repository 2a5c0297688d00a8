/**
 * An attention map on a canvas: the whole of it or a part that is zoomed to, a crosshair, and events that name query and key.
 * Role: drawing and reporting cells, and how pointer, wheel and keys move the view. It knows no weights, no runs and no
 * requests; arithmetic of views is mapView.ts, that of pixels mapBitmap.ts.
 */
import { element } from './dom';
import './heatmap.css';
import { layerBitmap, sameLayer, type HeatmapLayer } from './mapBitmap';
import { boxOf, cellAt, isWhole, panBy, panTo, WHOLE_MAP, zoomAt, type Box, type Cell, type MapView } from './mapView';

export type { Cell };

export interface HeatmapEvents {
  /** The pointer or the keyboard is on a cell, or on none. `at` is the cell's place on screen. */
  hover(cell: Cell | null, at: { x: number; y: number }): void;
  /** A cell was clicked or Enter was pressed on it. */
  select(cell: Cell): void;
  /** Another part of the map is wanted; who owns the map calls `look`. Absent: the map is not zoomed. */
  navigate?(view: MapView): void;
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

/** Zoom of a wheel's pixel and of a key. */
const WHEEL_ZOOM = 1.004;
const KEY_ZOOM = 1.5;
/** Share of what is shown that a key moves it by. */
const KEY_PAN = 0.25;
/** Pixels that a pointer moves at least to drag and not to click. */
const DRAG = 4;

const NOWHERE = { x: 0, y: 0 };

export class Heatmap {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly #marks: Record<'row' | 'column' | 'token', HTMLElement>;
  readonly #shownMarks: HeatmapMarks = { query: null, key: null, token: null };
  readonly #events: HeatmapEvents;
  #picture: HeatmapPicture | null = null;
  #view: MapView = WHOLE_MAP;
  #keyboard: Cell = { query: 0, key: 0 };
  /** Device pixels of a side; 0 before the map is laid out. */
  #pixels = 0;
  #painted: { picture: HeatmapPicture; view: MapView; pixels: number } | null = null;
  #bitmaps: { layer: HeatmapLayer; bitmap: HTMLCanvasElement }[] = [];
  /** The pointer over the map, in client pixels. */
  #pointer: { x: number; y: number } | null = null;
  #drag: { x: number; y: number; view: MapView; moved: boolean } | null = null;

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
    const { canvas } = this;
    canvas.addEventListener('pointermove', (event) => this.#point(event));
    // What moves under a pointer that rests is entered.
    canvas.addEventListener('pointerenter', (event) => this.#point(event));
    canvas.addEventListener('pointerleave', () => this.#leave());
    canvas.addEventListener('blur', () => events.hover(null, NOWHERE));
    canvas.addEventListener('click', (event) => this.#click(event));
    canvas.addEventListener('keydown', (event) => this.#press(event));
    if (events.navigate !== undefined) {
      canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
      canvas.addEventListener('dblclick', () => this.#go(WHOLE_MAP));
      canvas.addEventListener('pointerdown', (event) => this.#grab(event));
      canvas.addEventListener('pointerup', () => this.#letGo());
      canvas.addEventListener('pointercancel', () => this.#letGo());
    }
    new ResizeObserver(([entry]) => this.#resize(entry?.contentRect.width ?? 0)).observe(canvas);
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
    this.#pointAgain();
  }

  /** Shows a part of the map. */
  look(view: MapView): void {
    this.#view = view;
    this.canvas.classList.toggle('zoomed', !isWhole(view));
    this.#paint();
    this.#placeMarks();
    this.#pointAgain();
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

  /** The cell at a place in client pixels. */
  #cellAt(at: { x: number; y: number }): Cell | null {
    if (this.#picture === null) return null;
    const { S, T, causal } = this.#picture;
    const box = this.canvas.getBoundingClientRect();
    const cell = cellAt(this.#view, S, T, (at.x - box.left) / box.width, (at.y - box.top) / box.height);
    return cell === null || (causal && cell.key > cell.query) ? null : cell;
  }

  #point(event: PointerEvent): void {
    this.#pointer = { x: event.clientX, y: event.clientY };
    if (this.#drag !== null && this.#pull(this.#pointer)) return;
    this.#tell(this.#pointer);
  }

  #tell(at: { x: number; y: number }): void {
    const cell = this.#cellAt(at);
    if (cell !== null) this.#keyboard = cell;
    this.#events.hover(cell, at);
  }

  /** What is under a pointer that rests, after the map has changed below it. */
  #pointAgain(): void {
    const pointer = this.#pointer;
    if (pointer === null) return;
    requestAnimationFrame(() => {
      if (this.#pointer === pointer) this.#tell(pointer);
    });
  }

  #leave(): void {
    this.#pointer = null;
    this.#events.hover(null, NOWHERE);
  }

  #click(event: MouseEvent): void {
    if (this.#drag?.moved === true) return;
    const cell = this.#cellAt({ x: event.clientX, y: event.clientY });
    if (cell !== null) this.#events.select(cell);
  }

  #go(view: MapView): void {
    this.#view = view;
    this.#events.navigate?.(view);
  }

  #wheel(event: WheelEvent): void {
    // Pinching a touchpad comes as a wheel with Ctrl; the wheel alone scrolls the page.
    if (!(event.ctrlKey || event.metaKey) || this.#picture === null) return;
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    const at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.#zoom(WHEEL_ZOOM ** -(event.deltaY * lines), at);
  }

  #zoom(factor: number, at: { x: number; y: number }): void {
    const { S, T } = this.#picture ?? { S: 1, T: 1 };
    this.#go(zoomAt(this.#view, factor, at, Math.max(S, T)));
  }

  #grab(event: PointerEvent): void {
    this.#drag = null;
    if (event.button !== 0 || isWhole(this.#view)) return;
    this.#drag = { x: event.clientX, y: event.clientY, view: this.#view, moved: false };
    this.canvas.setPointerCapture(event.pointerId);
  }

  /** Drags the map along; false while the pointer has hardly moved. */
  #pull(at: { x: number; y: number }): boolean {
    const drag = this.#drag;
    if (drag === null) return false;
    const [x, y] = [drag.x - at.x, drag.y - at.y];
    drag.moved ||= Math.hypot(x, y) >= DRAG;
    if (!drag.moved) return false;
    const side = Math.max(1, this.#pixels / window.devicePixelRatio);
    this.#go(panBy(drag.view, x / side, y / side));
    return true;
  }

  #letGo(): void {
    // The click that follows must still know that this was no click.
    const drag = this.#drag;
    setTimeout(() => {
      if (this.#drag === drag) this.#drag = null;
    });
  }

  #press(event: KeyboardEvent): void {
    if (this.#picture === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const isZoomable = this.#events.navigate !== undefined;
    const factor = { '+': KEY_ZOOM, '=': KEY_ZOOM, '-': 1 / KEY_ZOOM, _: 1 / KEY_ZOOM }[event.key];
    if (step !== undefined && event.shiftKey && isZoomable) {
      this.#go(panBy(this.#view, (step[1] ?? 0) * KEY_PAN, (step[0] ?? 0) * KEY_PAN));
    } else if (step !== undefined) {
      this.#step(step[0] ?? 0, step[1] ?? 0);
    } else if (factor !== undefined && isZoomable) {
      this.#zoom(factor, this.#keyboardPlace());
    } else if (event.key === '0' && isZoomable) {
      this.#go(WHOLE_MAP);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.#events.select(this.#keyboard);
    } else if (event.key === 'Escape' && isZoomable && !isWhole(this.#view)) {
      this.#go(WHOLE_MAP);
    } else if (event.key === 'Escape') {
      this.#events.hover(null, NOWHERE);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Moves the keyboard's cell, and the view where it leaves that. */
  #step(down: number, right: number): void {
    const { S, T, causal } = this.#picture ?? { S: 1, T: 1, causal: true };
    const query = clamp(this.#keyboard.query + down, S);
    const key = clamp(this.#keyboard.key + right, causal ? query + 1 : T);
    this.#keyboard = { query, key };
    const view = panTo(this.#view, this.#keyboard, S, T);
    if (view.x !== this.#view.x || view.y !== this.#view.y) this.#go(view);
    const box = this.canvas.getBoundingClientRect();
    const { left, top, width, height } = this.#cellBox();
    this.#events.hover(this.#keyboard, {
      x: box.left + (left + width) * box.width,
      y: box.top + (top + height) * box.height,
    });
  }

  #cellBox(): Box {
    const { S, T } = this.#picture ?? { S: 1, T: 1 };
    const { query, key } = this.#keyboard;
    return boxOf({ q0: query, q1: query + 1, k0: key, k1: key + 1 }, this.#view, S, T);
  }

  /** Where the keyboard's cell is, in shares of what is shown; the middle when it is out of sight. */
  #keyboardPlace(): { x: number; y: number } {
    const { left, top, width, height } = this.#cellBox();
    const at = { x: left + width / 2, y: top + height / 2 };
    return Object.values(at).every((share) => share >= 0 && share <= 1) ? at : { x: 0.5, y: 0.5 };
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

function clamp(value: number, count: number): number {
  return Math.min(count - 1, Math.max(0, value));
}

/** Puts a mark at a box in shares of the map's sides, or hides it. */
function place(mark: HTMLElement, box: Box | null): void {
  mark.hidden = box === null;
  if (box === null) return;
  for (const [side, share] of Object.entries(box)) mark.style.setProperty(side, `${share * 100}%`);
}
