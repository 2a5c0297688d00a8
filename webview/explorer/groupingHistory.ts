/**
 * What the groups were before: undo and redo over every change of the grouping, whoever made it.
 * Role: a list with a place in it. It asks for nothing: the page sends what `undo` and `redo` give, and tells what came.
 */
import type { ConversionRequest } from '../../src/protocol/model';

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
  /** The last grouping that was told. */
  #told: string | null = null;
  /** An undo or redo is on its way: what is told meanwhile may be older and is no change of its own. */
  #awaited: string | null = null;

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

  /** Takes note of the grouping that is shown. A new one becomes the last entry. */
  tell(conversion: ConversionRequest): void {
    const choice = choiceOf(conversion);
    const key = JSON.stringify(choice);
    if (key === this.#told) return;
    this.#told = key;
    if (this.#awaited !== null) {
      if (key === this.#awaited) this.#awaited = null;
      return;
    }
    if (key === JSON.stringify(this.#entries[this.#place])) return;
    this.#entries = [...this.#entries.slice(0, this.#place + 1), choice].slice(-most);
    this.#place = this.#entries.length - 1;
  }

  /** What was asked for has come, or will not: `conversion` is what stands. */
  settle(conversion: ConversionRequest): void {
    this.#awaited = null;
    const key = JSON.stringify(choiceOf(conversion));
    const place = this.#entries.findIndex((entry) => JSON.stringify(entry) === key);
    if (JSON.stringify(this.#entries[this.#place]) !== key && place >= 0) this.#place = place;
    this.tell(conversion);
  }

  store(): StoredHistory {
    return { entries: this.#entries, place: this.#place };
  }

  /** Takes back what `store` gave; anything else is left alone. */
  restore(stored: unknown): void {
    if (!isHistory(stored)) return;
    this.#entries = stored.entries;
    this.#place = stored.place;
    this.#told = JSON.stringify(this.#entries[this.#place]);
  }

  #step(by: number): GroupingChoice | null {
    const choice = this.#entries[this.#place + by];
    if (choice === undefined) return null;
    this.#place += by;
    this.#awaited = JSON.stringify(choice);
    if (this.#awaited === this.#told) this.#awaited = null;
    return choice;
  }
}

function choiceOf({ G, grouping, assignment }: ConversionRequest): GroupingChoice {
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
