/**
 * What the last change of the conversion did to its measures: those before it and those after it. Pure.
 * Measures on another text, or of another model, are not compared.
 */
import type { ExplorerSnapshot } from '../../../src/protocol/explorerView';

/** Measures of a conversion on the text that was run. */
export interface Measures {
  /** Mean cross-entropy in nats; null where the text has none. */
  loss: number | null;
  /** Mean KL in nats a token; null until it is compared. */
  kl: number | null;
}

type Measured = Pick<ExplorerSnapshot, 'original' | 'converted' | 'compare'> & {
  state: Pick<ExplorerSnapshot['state'], 'conversion'>;
  model: Pick<ExplorerSnapshot['model'], 'G'>;
};

export class MeasuredChange {
  #before: Measures | null = null;
  #after: (Measures & { conversion: string }) | null = null;
  #text = '';

  /** Before the last change; null where there was nothing to compare with. */
  get before(): Measures | null {
    return this.#before;
  }

  /** Tells what is measured now; a snapshot without measures, because a change is under way, is passed over. */
  tell({ original, converted, compare, state, model }: Measured): void {
    const text = original?.runId ?? '';
    if (text !== this.#text) {
      this.#text = text;
      this.#before = this.#after = null;
    }
    const changesNothing = state.conversion.G === model.G && original !== null;
    if (converted === null && !changesNothing) return;
    const conversion = JSON.stringify(state.conversion);
    if (this.#after !== null && this.#after.conversion !== conversion) this.#before = this.#after;
    const run = converted ?? original;
    this.#after = { conversion, loss: run?.loss ?? null, kl: changesNothing ? 0 : (compare?.klMean ?? null) };
  }

  /** A change has been asked for: what stands now is what it starts from. */
  start(): void {
    this.#before = this.#after;
  }
}
