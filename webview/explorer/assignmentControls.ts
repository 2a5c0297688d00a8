/**
 * Around the assignment figure: undo and redo, files; and what the groups cost and lose.
 * Role: form controls and words. The figure is assignment.ts, the changes are groupingEditor.ts.
 */
import { isEncoderOnly, noEncoderCache } from '../../src/protocol/layers';
import { button, plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import type { PushButton } from '../shared/editorElements';
import { formatChange, formatInteger, formatLoss, formatNumber } from '../shared/format';
import type { GroupingEditor } from './groupingEditor';
import type { ExplorerView } from './view';

/** What needs the host: dialogs. */
export interface GroupingFiles {
  load(): void;
  save(): void;
}

const hint = 'Drag heads between groups, or press a digit, ← → or X on one.';
const dragHelp = 'Drag a head onto a group to move it, onto a head to exchange the two.';
const keysHelp =
  'On a focused head: a digit, or arrow left or right and Enter, moves it; X on two heads exchanges them.';

export class AssignmentControls {
  /** Beside the title. */
  readonly head: HTMLElement;
  /** Below the figure. */
  readonly foot: HTMLElement;
  readonly #editor: GroupingEditor;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #toAll: PushButton;
  readonly #save: PushButton;
  readonly #cache = element('div', { class: 'cache-line' });
  readonly #losses = element('div', { class: 'losses', role: 'status', 'data-testid': 'grouping-losses' });
  readonly #said = element('div', { class: 'said muted', role: 'status', 'data-testid': 'grouping-said' });

  constructor(editor: GroupingEditor, files: GroupingFiles) {
    this.#editor = editor;
    this.#undo = plainButton(
      '↶',
      { 'data-testid': 'grouping-undo', 'aria-label': 'Undo', title: 'Undo (Ctrl+Z)' },
      () => editor.undo(),
    );
    this.#redo = plainButton(
      '↷',
      { 'data-testid': 'grouping-redo', 'aria-label': 'Redo', title: 'Redo (Ctrl+Shift+Z)' },
      () => editor.redo(),
    );
    this.#toAll = button(
      'Apply to all layers',
      { 'data-testid': 'grouping-to-all', title: 'Give every layer the groups of this one' },
      () => editor.copyToAllLayers(),
    );
    const load = button(
      'Load…',
      { 'data-testid': 'grouping-load', title: 'Read the groups of every layer from a file' },
      () => files.load(),
    );
    this.#save = button(
      'Save…',
      { 'data-testid': 'grouping-save', title: 'Write the groups of every layer to a file' },
      () => files.save(),
    );
    this.head = element('div', { class: 'grouping-head' }, this.#undo, this.#redo);
    // Only read out: what it says at length, the hint says in short.
    const help = element('div', { hidden: true, id: 'grouping-help' }, keysHelp);
    this.say('');
    this.#said.title = `${dragHelp} ${keysHelp}`;
    this.foot = element(
      'div',
      { class: 'grouping-foot' },
      this.#said,
      this.#cache,
      this.#losses,
      element('div', { class: 'grouping-actions' }, this.#toAll, load, this.#save),
      help,
    );
  }

  /** Says what happened: on screen, and to a screen reader. An empty sentence brings the hint back. */
  say(sentence: string): void {
    this.#said.textContent = sentence === '' ? hint : sentence;
  }

  render(view: ExplorerView): void {
    const { model } = view.snapshot;
    this.#undo.disabled = !this.#editor.history.canUndo;
    this.#redo.disabled = !this.#editor.history.canRedo;
    this.#toAll.disabled = !this.#editor.isEditable || model.L < 2;
    this.#drawCache(view);
    this.#drawLosses(view);
  }

  /** What the cache costs, as two bars on one scale and in words. */
  #drawCache({ snapshot: { model, grouping } }: ExplorerView): void {
    const after = (model.kvCacheBytesPerToken * grouping.G) / model.G;
    const before = model.kvCacheBytesPerToken;
    if (isEncoderOnly(model)) {
      this.#cache.replaceChildren(`No KV cache: ${noEncoderCache}`);
      return;
    }
    const bar = element('span', { class: 'cache-bar', 'aria-hidden': 'true' }, element('i'));
    bar.style.setProperty('--amount', `${(after / before) * 100}%`);
    const words =
      after === before
        ? `KV cache ${formatInteger(before)} B a token`
        : `KV cache ${formatInteger(after)} B a token instead of ${formatInteger(before)} (${formatChange(before, after)})`;
    this.#cache.replaceChildren(bar, words);
  }

  /** What these groups lose on the text. Numbers of older groups are gone as soon as groups change. */
  #drawLosses({ snapshot, ui }: ExplorerView): void {
    const { original, converted, compare, busy } = snapshot;
    const facts: string[] = [];
    if (converted !== null && original !== null) {
      const change = (converted.loss ?? NaN) - (original.loss ?? NaN);
      const signed = Number.isFinite(change) ? ` (${change < 0 ? '' : '+'}${formatNumber(change, 3)})` : '';
      if (converted.loss !== null) facts.push(`loss ${formatLoss(converted.loss)}${signed}`);
    } else if (busy !== null && snapshot.grouping.G < snapshot.model.G) facts.push('measuring…');
    if (compare !== null) {
      facts.push(`KL ${formatNumber(compare.klMean, 3)} nats a token`);
      facts.push(`top‑1 agreement ${Math.round(100 * compare.top1Agreement)} %`);
    }
    const sizes = groupSizes(snapshot.grouping.groupOfKvHead[ui.layer] ?? []);
    if (new Set(sizes).size > 1)
      facts.push(`unequal groups (${sizes.join(', ')}): formats with one number of KV heads cannot hold them`);
    const text = facts.join(' · ');
    if (this.#losses.textContent !== text) this.#losses.textContent = text;
    this.#losses.hidden = text === '';
  }
}

function groupSizes(groups: readonly number[]): number[] {
  return Array.from(
    { length: Math.max(-1, ...groups) + 1 },
    (_, group) => groups.filter((own) => own === group).length,
  );
}
