/**
 * Which figures follow the pointer at once: those in sight. The others catch up when they come into sight, or when the pointer
 * rests, so that a page of many figures follows as fast as one of few.
 * Role: when. Where figures are is watchSight.ts; what a figure marks is its own.
 */

/** What follows; a figure of the page (figure.ts). */
interface Follower<View> {
  render(view: View): void;
  emphasise(view: View): void;
}

/** Calls `changed` when a figure comes into sight, or leaves it. */
export type WatchSight<Figure> = (
  figures: readonly Figure[],
  changed: (figure: Figure, isInSight: boolean) => void,
) => void;

/** How long the pointer rests before figures out of sight follow. */
const REST_MILLISECONDS = 120;

export class Followers<View, Figure extends Follower<View>> {
  readonly #figures: readonly Figure[];
  readonly #isDrawn: (figure: Figure) => boolean;
  readonly #inSight = new Set<Figure>();
  /** What figures that have not followed yet will be told. */
  readonly #behind = new Map<Figure, View>();
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** @param isDrawn false for figures that the page leaves out now */
  constructor(
    figures: readonly Figure[],
    watch: WatchSight<Figure>,
    isDrawn: (figure: Figure) => boolean = () => true,
  ) {
    this.#figures = figures;
    this.#isDrawn = isDrawn;
    watch(figures, (figure, isInSight) => {
      if (isInSight) this.#inSight.add(figure);
      else this.#inSight.delete(figure);
      if (isInSight) this.#tell(figure);
    });
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
      this.#behind.set(figure, view);
      if (this.#inSight.has(figure)) this.#tell(figure);
    }
    if (this.#behind.size > 0) this.#rest = setTimeout(() => this.#catchUp(), REST_MILLISECONDS);
  }

  #catchUp(): void {
    for (const figure of this.#behind.keys()) this.#tell(figure);
  }

  #tell(figure: Figure): void {
    const view = this.#behind.get(figure);
    this.#behind.delete(figure);
    if (view !== undefined && this.#isDrawn(figure)) figure.emphasise(view);
  }
}
