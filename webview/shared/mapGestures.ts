/**
 * How pointer, wheel and keys point at the cells of a map and move its view. Role: from events of a canvas to cells and views; it
 * paints nothing. Who owns the map calls `look` where another part of it is shown. Arithmetic of views is mapView.ts.
 */
import { boxOf, cellAt, isWhole, panBy, panTo, WHOLE_MAP, zoomAt, type Box, type Cell, type MapView } from './mapView';

export interface GestureEvents {
  /** The pointer or the keyboard is on a cell, or on none. `at` is the cell's place on screen. */
  hover(cell: Cell | null, at: { x: number; y: number }): void;
  /** A cell was clicked or Enter was pressed on it. */
  select(cell: Cell): void;
  /** Another part of the map is wanted; who owns the map calls `look`. Absent: the map is not zoomed. */
  navigate?(view: MapView): void;
}

/** Queries and keys of a whole map; in a causal one a query sees keys up to its own position. */
interface Shape {
  S: number;
  T: number;
  causal: boolean;
}

/** Zoom of a wheel's pixel and of a key. */
const WHEEL_ZOOM = 1.004;
const KEY_ZOOM = 1.5;
/** Share of what is shown that a key moves it by. */
const KEY_PAN = 0.25;
/** Pixels that a pointer moves at least to drag and not to click. */
const DRAG = 4;

const NOWHERE = { x: 0, y: 0 };

export class MapGestures {
  readonly #canvas: HTMLCanvasElement;
  readonly #events: GestureEvents;
  #shape: Shape | null = null;
  #view: MapView = WHOLE_MAP;
  #keyboard: Cell = { query: 0, key: 0 };
  /** The pointer over the map, in client pixels. */
  #pointer: { x: number; y: number } | null = null;
  #drag: { x: number; y: number; view: MapView; moved: boolean } | null = null;

  constructor(canvas: HTMLCanvasElement, events: GestureEvents) {
    this.#canvas = canvas;
    this.#events = events;
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
  }

  /** Another map is drawn. */
  show({ S, T, causal }: Shape): void {
    this.#shape = { S, T, causal };
    this.#pointAgain();
  }

  /** Another part of the map is drawn. */
  look(view: MapView): void {
    this.#view = view;
    this.#pointAgain();
  }

  /** The cell at a place in client pixels. */
  #cellAt(at: { x: number; y: number }): Cell | null {
    if (this.#shape === null) return null;
    const { S, T, causal } = this.#shape;
    const box = this.#canvas.getBoundingClientRect();
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
    if (!(event.ctrlKey || event.metaKey) || this.#shape === null) return;
    event.preventDefault();
    const box = this.#canvas.getBoundingClientRect();
    const at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.#zoom(WHEEL_ZOOM ** -(event.deltaY * lines), at);
  }

  #zoom(factor: number, at: { x: number; y: number }): void {
    const { S, T } = this.#shape ?? { S: 1, T: 1 };
    this.#go(zoomAt(this.#view, factor, at, Math.max(S, T)));
  }

  #grab(event: PointerEvent): void {
    this.#drag = null;
    if (event.button !== 0 || isWhole(this.#view)) return;
    this.#drag = { x: event.clientX, y: event.clientY, view: this.#view, moved: false };
    this.#canvas.setPointerCapture(event.pointerId);
  }

  /** Drags the map along; false while the pointer has hardly moved. */
  #pull(at: { x: number; y: number }): boolean {
    const drag = this.#drag;
    if (drag === null) return false;
    const [x, y] = [drag.x - at.x, drag.y - at.y];
    drag.moved ||= Math.hypot(x, y) >= DRAG;
    if (!drag.moved) return false;
    const side = Math.max(1, this.#canvas.getBoundingClientRect().width);
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
    if (this.#shape === null || event.ctrlKey || event.metaKey || event.altKey) return;
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
    const { S, T, causal } = this.#shape ?? { S: 1, T: 1, causal: true };
    const query = clamp(this.#keyboard.query + down, S);
    const key = clamp(this.#keyboard.key + right, causal ? query + 1 : T);
    this.#keyboard = { query, key };
    const view = panTo(this.#view, this.#keyboard, S, T);
    if (view.x !== this.#view.x || view.y !== this.#view.y) this.#go(view);
    const box = this.#canvas.getBoundingClientRect();
    const { left, top, width, height } = this.#cellBox();
    this.#events.hover(this.#keyboard, {
      x: box.left + (left + width) * box.width,
      y: box.top + (top + height) * box.height,
    });
  }

  #cellBox(): Box {
    const { S, T } = this.#shape ?? { S: 1, T: 1 };
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

function clamp(value: number, count: number): number {
  return Math.min(count - 1, Math.max(0, value));
}
