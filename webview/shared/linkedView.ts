/**
 * The part that several maps look at together. Role: who moves it tells it here; maps follow in the next frame, and tiles with
 * the detail of the part are asked for once it rests. Arithmetic is mapView.ts.
 */
import { sameView, WHOLE_MAP, zoomAt, type MapView } from './mapView';

/** How long a view stays where it is before tiles with its detail are asked for. */
const REST_MILLISECONDS = 120;

export interface LinkedViewEvents {
  /** Calls back before the next picture. */
  nextFrame(draw: () => void): void;
  /** Show this part, with what is there; at most once a frame. */
  look(view: MapView): void;
  /** The view has come to rest: worth keeping. */
  rest(view: MapView): void;
}

export class LinkedView {
  readonly #events: LinkedViewEvents;
  #view: MapView = WHOLE_MAP;
  #isPlanned = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(events: LinkedViewEvents) {
    this.#events = events;
  }

  get view(): MapView {
    return this.#view;
  }

  /** Whether it has not come to rest. */
  get isMoving(): boolean {
    return this.#rest !== undefined;
  }

  go(view: MapView): void {
    this.#view = view;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.#events.rest(this.#view);
    }, REST_MILLISECONDS);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#events.nextFrame(() => {
      this.#isPlanned = false;
      this.#events.look(this.#view);
    });
  }

  /** Takes over the view that is kept, unless this one is moved right now. */
  follow(view: MapView): void {
    if (this.isMoving || sameView(view, this.#view)) return;
    this.#view = view;
    this.#events.look(view);
  }

  /** Zooms about the middle; null shows the whole map. @param tokens of the map's longer side */
  zoomBy(factor: number | null, tokens: number): void {
    this.go(factor === null ? WHOLE_MAP : zoomAt(this.#view, factor, { x: 0.5, y: 0.5 }, tokens));
  }
}
