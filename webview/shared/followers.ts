/**
 * Which figures follow the pointer at once: those in sight. The others catch up when they come into sight, or when the pointer
 * rests, so that a page of many figures follows as fast as one of few.
 * Role: when. What a figure marks is its own.
 */
import type { Figure } from './figure';

/** How long the pointer rests before figures out of sight follow. */
const REST_MILLISECONDS = 120;
/** Figures this near to the window count as in sight: scrolling shows none that has yet to follow. */
const NEAR = '200px';

export class Followers<View> {
  readonly #figures: readonly Figure<View>[];
  readonly #isDrawn: (figure: Figure<View>) => boolean;
  readonly #inSight = new Set<Element>();
  readonly #observer = new IntersectionObserver((entries) => this.#intersect(entries), { rootMargin: NEAR });
  /** What figures that have not followed yet will be told. */
  readonly #behind = new Map<Figure<View>, View>();
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** @param isDrawn false for figures that the page leaves out now */
  constructor(figures: readonly Figure<View>[], isDrawn: (figure: Figure<View>) => boolean = () => true) {
    this.#figures = figures;
    this.#isDrawn = isDrawn;
    for (const { element } of figures) this.#observer.observe(element);
  }

  /** Draws all figures, wherever they are. */
  render(view: View): void {
    clearTimeout(this.#rest);
    this.#behind.clear();
    for (const figure of this.#figures) if (this.#isDrawn(figure)) figure.render(view);
  }

  /** Lets the figures follow the pointer. */
  follow(view: View): void {
    clearTimeout(this.#rest);
    for (const figure of this.#figures) {
      if (!this.#isDrawn(figure)) continue;
      if (this.#inSight.has(figure.element)) figure.emphasise(view);
      else this.#behind.set(figure, view);
    }
    if (this.#behind.size > 0) this.#rest = setTimeout(() => this.#catchUp(), REST_MILLISECONDS);
  }

  #intersect(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#inSight.add(target);
      else this.#inSight.delete(target);
    }
    for (const figure of this.#behind.keys()) if (this.#inSight.has(figure.element)) this.#tell(figure);
  }

  #catchUp(): void {
    for (const figure of this.#behind.keys()) this.#tell(figure);
  }

  #tell(figure: Figure<View>): void {
    const view = this.#behind.get(figure);
    this.#behind.delete(figure);
    if (view !== undefined && this.#isDrawn(figure)) figure.emphasise(view);
  }
}
