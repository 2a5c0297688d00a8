/**
 * One attention map on a canvas: pixels from a lookup table, crosshair and outlines above it, pointer and keys.
 * Role: drawing and reporting cells. It knows no weights, no runs and no requests.
 */
import { shrinkMap, type MapShape } from './attentionCode';
import { fadedTable, type PixelTable } from './colorScale';
import { element } from './dom';

export interface Cell {
  query: number;
  key: number;
}

export interface HeatmapEvents {
  /** The pointer or the keyboard is on a cell, or on none. `at` is the cell's place on screen. */
  hover(cell: Cell | null, at: { x: number; y: number }): void;
  /** A cell was clicked or Enter was pressed on it. */
  select(cell: Cell): void;
}

export interface HeatmapPicture extends MapShape {
  /** [S, T] attention codes */
  codes: Uint8Array;
  table: PixelTable;
  /** The code that stands for nothing; 0 unless the map shows differences. */
  zero?: number;
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

const FADED = 0.22;

export class Heatmap {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly #marks: Record<'row' | 'column' | 'token', HTMLElement>;
  readonly #events: HeatmapEvents;
  #S = 0;
  #T = 0;
  #causal = true;
  #keyboard: Cell = { query: 0, key: 0 };
  #drawn: HeatmapPicture | null = null;
  #drawnSize = 0;

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
    this.canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.canvas.addEventListener('pointerleave', () => events.hover(null, { x: 0, y: 0 }));
    this.canvas.addEventListener('blur', () => events.hover(null, { x: 0, y: 0 }));
    this.canvas.addEventListener('click', (event) => {
      const cell = this.#cellAt(event);
      if (cell !== null) events.select(cell);
    });
    this.canvas.addEventListener('keydown', (event) => this.#press(event));
    new ResizeObserver(() => this.#redraw()).observe(this.canvas);
  }

  /** Draws a map. Cells above the diagonal of a causal map stay transparent: they are not weights. */
  draw(picture: HeatmapPicture): void {
    this.#drawn = picture;
    this.#S = picture.S;
    this.#T = picture.T;
    this.#causal = picture.causal;
    this.#paint(picture);
  }

  /** Moves the crosshair and the outline. */
  mark(marks: HeatmapMarks): void {
    const { query, key, token } = marks;
    place(this.#marks.row, query === null ? null : this.#rowBox(query));
    place(this.#marks.column, key === null ? null : this.#columnBox(key));
    place(this.#marks.token, token === null ? null : this.#rowBox(token));
  }

  /** A row's box in shares of the map, up to the diagonal; null when the map has no such row. */
  #rowBox(query: number): Box | null {
    if (query >= this.#S) return null;
    const width = this.#causal ? (query + 1) / this.#T : 1;
    return { top: query / this.#S, height: 1 / this.#S, width };
  }

  #columnBox(key: number): Box | null {
    if (key >= this.#T) return null;
    const top = this.#causal ? key / this.#S : 0;
    return { left: key / this.#T, width: 1 / this.#T, top, height: 1 - top };
  }

  #redraw(): void {
    if (this.#drawn !== null && this.#deviceSize() !== this.#drawnSize) this.#paint(this.#drawn);
  }

  /** Device pixels along a side: more cells than that are pooled, fewer are scaled up by the compositor, sharply. */
  #deviceSize(): number {
    return Math.max(1, Math.round(this.canvas.clientWidth * window.devicePixelRatio));
  }

  #paint(picture: HeatmapPicture): void {
    this.#drawnSize = this.#deviceSize();
    const { codes, S, T } = shrinkMap(picture.codes, picture.S, picture.T, Math.max(32, this.#drawnSize), picture.zero);
    const context = this.canvas.getContext('2d');
    if (context === null) return;
    this.canvas.width = T;
    this.canvas.height = S;
    const image = context.createImageData(T, S);
    const pixels = new Uint32Array(image.data.buffer);
    const faded = picture.fadeFirst ? fadedTable(picture.table, FADED) : picture.table;
    for (let query = 0; query < S; query++) {
      const end = picture.causal ? query + 1 : T;
      for (let key = 0; key < end; key++) {
        const place = query * T + key;
        pixels[place] = (key === 0 ? faded : picture.table)[codes[place] ?? 0] ?? 0;
      }
    }
    context.putImageData(image, 0, 0);
  }

  #cellAt(event: MouseEvent): Cell | null {
    if (this.#S === 0) return null;
    const box = this.canvas.getBoundingClientRect();
    const query = Math.floor(((event.clientY - box.top) / box.height) * this.#S);
    const key = Math.floor(((event.clientX - box.left) / box.width) * this.#T);
    if (query < 0 || query >= this.#S || key < 0 || key >= this.#T) return null;
    return this.#causal && key > query ? null : { query, key };
  }

  #point(event: PointerEvent): void {
    const cell = this.#cellAt(event);
    if (cell !== null) this.#keyboard = cell;
    this.#events.hover(cell, { x: event.clientX, y: event.clientY });
  }

  #press(event: KeyboardEvent): void {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (this.#S === 0) return;
    if (step !== undefined) {
      const query = clamp(this.#keyboard.query + (step[0] ?? 0), this.#S);
      const key = clamp(this.#keyboard.key + (step[1] ?? 0), this.#causal ? query + 1 : this.#T);
      this.#keyboard = { query, key };
      const box = this.canvas.getBoundingClientRect();
      this.#events.hover(this.#keyboard, {
        x: box.left + ((key + 1) / this.#T) * box.width,
        y: box.top + ((query + 1) / this.#S) * box.height,
      });
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.#events.select(this.#keyboard);
    } else if (event.key === 'Escape') {
      this.#events.hover(null, { x: 0, y: 0 });
    } else {
      return;
    }
    event.preventDefault();
  }
}

function clamp(value: number, count: number): number {
  return Math.min(count - 1, Math.max(0, value));
}

/** Where a mark lies, in shares of the map's sides. */
interface Box {
  top?: number;
  left?: number;
  width?: number;
  height?: number;
}

/** Puts a mark at a box, or hides it. */
function place(mark: HTMLElement, box: Box | null): void {
  mark.hidden = box === null;
  if (box === null) return;
  for (const [side, share] of Object.entries({ top: 0, left: 0, width: 1, height: 1, ...box })) {
    mark.style.setProperty(side, `${share * 100}%`);
  }
}
