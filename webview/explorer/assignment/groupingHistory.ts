/**
 * What the groups were before: undo and redo over every change of the grouping, whoever made it.
 * Role: a list with a place in it. It asks for nothing: the editor sends what `undo` and `redo` give, and tells what came.
 */
import type { ConversionRequest } from '../../../src/protocol/conversion';

/** The part of a conversion that says who shares. */
export type GroupingChoice = Pick<ConversionRequest, 'G' | 'grouping' | 'assignment'>;

/** What is kept for after a reload. */
export interface StoredHistory {
  entries: GroupingChoice[];
  place: number;
}

/** Entries kept: more steps back than anybody remembers. */
const most = 30;

export class GroupingHistory {
  #entries: GroupingChoice[] = [];
  #place = 0;

  get canUndo(): boolean {
    return this.#place > 0;
  }

  get canRedo(): boolean {
    return this.#place + 1 < this.#entries.length;
  }

  /** One step back: the grouping to ask for, or null at the beginning. */
  undo(): GroupingChoice | null {
    return this.#step(-1);
  }

  /** One step forth again, or null at the end. */
  redo(): GroupingChoice | null {
    return this.#step(1);
  }

  /** The grouping has changed, or is about to: a new one becomes the last entry. */
  tell(conversion: GroupingChoice): void {
    const choice = choiceOf(conversion);
    if (keyOf(choice) === keyOf(this.#entries[this.#place])) return;
    this.#entries = [...this.#entries.slice(0, this.#place + 1), choice].slice(-most);
    this.#place = this.#entries.length - 1;
  }

  /** What was asked for has come, or will not: `conversion` is what stands, and the place is where that is. */
  settle(conversion: GroupingChoice): void {
    const key = keyOf(choiceOf(conversion));
    const places = this.#entries.flatMap((entry, place) => (keyOf(entry) === key ? [place] : []));
    // The same groups may have been there several times: the nearest is meant.
    const [nearest] = places.sort((a, b) => Math.abs(a - this.#place) - Math.abs(b - this.#place));
    if (nearest === undefined) this.tell(conversion);
    else this.#place = nearest;
  }

  store(): StoredHistory {
    return { entries: this.#entries, place: this.#place };
  }

  /** Takes back what `store` gave; anything else is left alone. */
  restore(stored: unknown): void {
    if (!isHistory(stored)) return;
    this.#entries = stored.entries;
    this.#place = stored.place;
  }

  #step(by: number): GroupingChoice | null {
    const choice = this.#entries[this.#place + by];
    if (choice === undefined) return null;
    this.#place += by;
    return choice;
  }
}

function keyOf(choice: GroupingChoice | undefined): string {
  return JSON.stringify(choice ?? null);
}

function choiceOf({ G, grouping, assignment }: GroupingChoice): GroupingChoice {
  return assignment === undefined ? { G, grouping } : { G, grouping, assignment };
}

function isHistory(value: unknown): value is StoredHistory {
  if (typeof value !== 'object' || value === null || !('entries' in value) || !('place' in value)) return false;
  const { entries, place } = value;
  return Array.isArray(entries) && typeof place === 'number' && entries.every(isChoice) && place in entries;
}

function isChoice(value: unknown): value is GroupingChoice {
  return (
    typeof value === 'object' &&
    value !== null &&
    'G' in value &&
    typeof value.G === 'number' &&
    'grouping' in value &&
    typeof value.grouping === 'string'
  );
}
