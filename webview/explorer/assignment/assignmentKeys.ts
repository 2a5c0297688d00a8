/**
 * Changing groups by keyboard: a digit moves the focused head there; arrows choose a group and Enter moves; X on one head
 * and then on another exchanges them; Escape gives up.
 * Role: from keys to intentions. It draws nothing.
 */
import { t } from '@vscode/l10n';

/** What is being prepared for a head, shown until it is done or given up. */
export type Intention = { kind: 'move'; head: number; group: number } | { kind: 'exchange'; head: number };

export interface KeyEvents {
  move(head: number, group: number): void;
  exchange(a: number, b: number): void;
  /** The intention has changed; `said` tells about it. */
  intend(intention: Intention | null, said: string): void;
}

/** Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y (or with the command key) as steps of a history; null for all other keys. */
export function historyStep(event: KeyboardEvent): 'undo' | 'redo' | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key !== 'z' && key !== 'y') return null;
  return key === 'y' || event.shiftKey ? 'redo' : 'undo';
}

export class AssignmentKeys {
  readonly #events: KeyEvents;
  #intention: Intention | null = null;

  constructor(events: KeyEvents) {
    this.#events = events;
  }

  get intention(): Intention | null {
    return this.#intention;
  }

  /** Gives up silently: another head is focused, or the pointer took over. */
  reset(): void {
    this.#intention = null;
  }

  /**
   * A key on a head.
   * @returns whether it meant something here
   */
  press(key: string, head: number, group: number, G: number): boolean {
    const intention = this.#intention;
    if (/^\d$/.test(key) && Number(key) < G) {
      this.#intention = null;
      this.#events.move(head, Number(key));
      return true;
    }
    switch (key) {
      case 'ArrowLeft':
      case 'ArrowRight': {
        const from = intention?.kind === 'move' && intention.head === head ? intention.group : group;
        const to = (from + (key === 'ArrowRight' ? 1 : G - 1)) % G;
        this.#intend(
          { kind: 'move', head, group: to },
          t('Q{0} to KV {1}: Enter moves it, Escape gives up.', head, to),
        );
        return true;
      }
      case 'Enter':
        if (intention?.kind === 'move' && intention.head === head) {
          this.#intention = null;
          this.#events.move(head, intention.group);
          return true;
        }
        return intention?.kind === 'exchange' && this.#exchange(intention.head, head);
      case 'x':
      case 'X':
        if (intention?.kind === 'exchange') return this.#exchange(intention.head, head);
        this.#intend(
          { kind: 'exchange', head },
          t('Exchange Q{0} with which head? X on that head, Escape gives up.', head),
        );
        return true;
      case 'Escape':
        if (intention === null) return false;
        this.#intend(null, t('Given up.'));
        return true;
      default:
        return false;
    }
  }

  /** Another head is focused: a move is given up, an exchange waits for exactly that. */
  focus(head: number): void {
    if (this.#intention?.kind === 'move' && this.#intention.head !== head) this.#intend(null, '');
  }

  #exchange(a: number, b: number): boolean {
    if (a === b) {
      this.#intend(null, t('Given up.'));
      return true;
    }
    this.#intention = null;
    this.#events.exchange(a, b);
    return true;
  }

  #intend(intention: Intention | null, said: string): void {
    this.#intention = intention;
    this.#events.intend(intention, said);
  }
}
