/**
 * The hand on the grouping: turns what the user does into conversions, and remembers the way back.
 * Role: between the figure (which head, which group) and the host (which conversion). It draws nothing.
 */
import { t } from '@vscode/l10n';
import { gatherHeads, type Likeness } from './gather';
import {
  copyToAllLayers,
  exchangeHeads,
  isEditable,
  moveHead,
  regroupLayer,
  type Edit,
  type Groups,
} from './groupingEdit';
import { GroupingHistory, type GroupingChoice } from './groupingHistory';
import type { Actions, ExplorerView } from '../view';

export class GroupingEditor {
  readonly history = new GroupingHistory();
  readonly #convert: Actions['convert'];
  readonly #say: (sentence: string) => void;
  #view: ExplorerView | null = null;
  /** The last change, until it is answered: what is shown meanwhile may be older, and the next change builds on it. */
  #asked: { groups: Groups | null } | null = null;

  /**
   * @param convert resolves once the conversion has been taken and run; null where nothing can be changed
   * @param say tells the user, and a screen reader, what happened
   */
  constructor(convert: Actions['convert'], say: (sentence: string) => void) {
    this.#convert = convert;
    this.#say = say;
  }

  show(view: ExplorerView): void {
    this.#view = view;
    if (this.#asked === null) this.history.tell(view.snapshot.state.conversion);
  }

  /** Whether the heads of the chosen layer can be moved at all. */
  get isEditable(): boolean {
    const { snapshot, ui } = this.#view ?? {};
    if (this.#convert === null || snapshot === undefined || ui === undefined) return false;
    return (
      snapshot.grouping.G > 1 &&
      isEditable(this.#groups(snapshot.grouping.groupOfKvHead)[ui.layer] ?? [], snapshot.grouping.G)
    );
  }

  /** Moves a query head (with those that read its KV head) into a group of the chosen layer. */
  move(head: number, group: number): void {
    this.#edit((groups, layer) => moveHead(groups, layer, this.#kvHead(head), group, this.#name(head)));
  }

  /** Exchanges two query heads of the chosen layer between their groups. */
  exchange(a: number, b: number): void {
    const names: [string, string] = [this.#name(a), this.#name(b)];
    this.#edit((groups, layer) => exchangeHeads(groups, layer, this.#kvHead(a), this.#kvHead(b), names));
  }

  /**
   * Puts some KV heads of the opened checkpoint, and no others, into one group of the chosen layer.
   * @param likeness of two KV heads
   */
  gather(kvHeads: readonly number[], likeness: Likeness): void {
    const G = this.#view?.snapshot.grouping.G ?? 1;
    const R = this.#headsPerKvHead();
    this.#edit((groups, layer) => gatherHeads(groups, layer, kvHeads, G, likeness, (kvHead) => this.#name(kvHead * R)));
  }

  /** Gives the chosen layer other groups. @param groups [KV heads of the opened checkpoint] */
  regroup(groups: readonly number[], said: string): void {
    this.#edit((all, layer) => regroupLayer(all, layer, groups, said));
  }

  copyToAllLayers(): void {
    const G = this.#view?.snapshot.grouping.G ?? 0;
    this.#edit((groups, layer) => copyToAllLayers(groups, layer, G));
  }

  undo(): void {
    this.#restore(this.history.undo(), t('Undone.'), t('Nothing is left to undo.'));
  }

  redo(): void {
    this.#restore(this.history.redo(), t('Redone.'), t('Nothing is left to redo.'));
  }

  #restore(choice: GroupingChoice | null, done: string, nothing: string): void {
    this.#say(choice === null ? nothing : done);
    if (choice !== null) this.#ask(choice, choice.assignment ?? null);
  }

  #edit(change: (groups: Groups, layer: number) => Edit): void {
    const view = this.#view;
    if (view === null) return;
    const { groups, said } = change(this.#groups(view.snapshot.grouping.groupOfKvHead), view.ui.layer);
    this.#say(said);
    if (groups !== null) this.#ask({ G: view.snapshot.grouping.G, grouping: 'manual', assignment: groups }, groups);
  }

  #ask(choice: GroupingChoice, groups: Groups | null): void {
    const view = this.#view;
    if (view === null || this.#convert === null) return;
    const { merge, calibration } = view.snapshot.state.conversion;
    this.history.tell(choice);
    const asked = { groups };
    this.#asked = asked;
    const settle = (): void => {
      // A later change has taken over otherwise.
      if (this.#asked !== asked) return;
      this.#asked = null;
      if (this.#view !== null) this.history.settle(this.#view.snapshot.state.conversion);
    };
    this.#convert({ ...choice, merge, ...(calibration === undefined ? {} : { calibration }) }).then(settle, settle);
  }

  #groups(shown: Groups): Groups {
    return this.#asked?.groups ?? shown;
  }

  /** The KV head of the opened checkpoint that a query head reads. */
  #kvHead(head: number): number {
    return Math.floor(head / this.#headsPerKvHead());
  }

  #headsPerKvHead(): number {
    const view = this.#view;
    if (view === null) return 1;
    return (
      view.snapshot.model.H / (view.snapshot.grouping.groupOfKvHead[view.ui.layer]?.length ?? view.snapshot.model.H)
    );
  }

  /** "Q3"; "Q2–Q3" where query heads share a KV head of the checkpoint already. */
  #name(head: number): string {
    const R = this.#headsPerKvHead();
    const first = this.#kvHead(head) * R;
    return R === 1 ? `Q${head}` : `Q${first}–Q${first + R - 1}`;
  }
}
