/**
 * Around the assignment figure: undo and redo, files; and what the groups cost and lose.
 * Role: form controls and words. The figure is assignment.ts, the changes are groupingEditor.ts.
 */
import { t } from '@vscode/l10n';
import { isEncoderOnly, noEncoderCache } from '../../../src/protocol/layers';
import { button, plainButton } from '../../shared/controls';
import { element } from '../../shared/dom';
import type { PushButton } from '../../shared/editorElements';
import { formatChange, formatLoss, formatNumber } from '../../shared/format';
import { formatInteger } from '../../../src/protocol/numbers';
import type { GroupingEditor } from './groupingEditor';
import { MeasuredChange } from './measuredChange';
import type { ExplorerView } from '../view';

/** What needs the host: dialogs. */
export interface GroupingFiles {
  load(): void;
  save(): void;
}

const hint = t('Drag heads between groups, or press a digit, ← → or X on one.');
const dragHelp = t('Drag a head onto a group to move it, onto a head to exchange the two.');
const keysHelp = t(
  'On a focused head: a digit, or arrow left or right and Enter, moves it; X on two heads exchanges them.',
);

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
  readonly #change = new MeasuredChange();
  #isAsked = false;
  #view: ExplorerView | null = null;
  readonly #cache = element('div', { class: 'cache-line' });
  readonly #losses = element('div', { class: 'losses', role: 'status', 'data-testid': 'grouping-losses' });
  readonly #said = element('div', { class: 'said muted', role: 'status', 'data-testid': 'grouping-said' });

  constructor(editor: GroupingEditor, files: GroupingFiles) {
    this.#editor = editor;
    this.#undo = plainButton(
      '↶',
      { 'data-testid': 'grouping-undo', 'aria-label': t('Undo'), title: t('Undo (Ctrl+Z)') },
      () => editor.undo(),
    );
    this.#redo = plainButton(
      '↷',
      { 'data-testid': 'grouping-redo', 'aria-label': t('Redo'), title: t('Redo (Ctrl+Shift+Z)') },
      () => editor.redo(),
    );
    this.#toAll = button(
      t('Apply to all layers'),
      { 'data-testid': 'grouping-to-all', title: t('Give every layer the groups of this one') },
      () => editor.copyToAllLayers(),
    );
    const load = button(
      t('Load…'),
      { 'data-testid': 'grouping-load', title: t('Read the groups of every layer from a file') },
      () => files.load(),
    );
    this.#save = button(
      t('Save…'),
      { 'data-testid': 'grouping-save', title: t('Write the groups of every layer to a file') },
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

  /** A change has been asked for, and is done when the promise is: until then its measures are awaited. */
  await(change: Promise<void>): void {
    this.#change.start();
    this.#isAsked = true;
    if (this.#view !== null) this.#drawLosses(this.#view);
    void change.finally(() => {
      this.#isAsked = false;
      if (this.#view !== null) this.#drawLosses(this.#view);
    });
  }

  render(view: ExplorerView): void {
    this.#view = view;
    this.#change.tell(view.snapshot);
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
      this.#cache.replaceChildren(t('No KV cache: {0}', noEncoderCache));
      return;
    }
    const bar = element('span', { class: 'cache-bar', 'aria-hidden': 'true' }, element('i'));
    bar.style.setProperty('--amount', `${(after / before) * 100}%`);
    const words =
      after === before
        ? t('KV cache {0} B a token', formatInteger(before))
        : t(
            'KV cache {0} B a token instead of {1} ({2})',
            formatInteger(after),
            formatInteger(before),
            formatChange(before, after),
          );
    this.#cache.replaceChildren(bar, words);
  }

  /** What these groups lose on the text, beside what it was before the last change. */
  #drawLosses({ snapshot, ui }: ExplorerView): void {
    const { original, converted, compare, busy, grouping, model } = snapshot;
    const { before } = this.#change;
    const isAwaited = this.#isAsked || (busy !== null && converted === null);
    const isMeasured = converted !== null && !this.#isAsked;
    const facts: (string | HTMLElement)[][] = [];
    if (grouping.G < model.G && (isMeasured || isAwaited)) {
      const cost = isMeasured && original !== null ? (converted.loss ?? NaN) - (original.loss ?? NaN) : NaN;
      if (!isMeasured || converted.loss !== null) {
        facts.push([
          ...changeOf(t('loss'), before?.loss ?? null, isMeasured ? converted.loss : null, formatLoss),
          ...(Number.isFinite(cost)
            ? [` (${cost < 0 ? '' : '+'}${formatNumber(cost, 3)} ${t('to the original')})`]
            : []),
        ]);
      }
      const kl = isMeasured ? (compare?.klMean ?? null) : null;
      if (kl !== null) {
        facts.push([
          ...changeOf(t('KL'), before?.kl ?? null, kl, (value) => formatNumber(value, 3)),
          ` ${t('nats a token')}`,
        ]);
      }
      if (isMeasured && compare !== null)
        facts.push([t('top‑1 agreement {0} %', Math.round(100 * compare.top1Agreement))]);
    }
    const sizes = groupSizes(grouping.groupOfKvHead[ui.layer] ?? []);
    if (new Set(sizes).size > 1) {
      facts.push([t('unequal groups ({0}): formats with one number of KV heads cannot hold them', sizes.join(', '))]);
    }
    const nodes = facts.flatMap((fact, place) => (place === 0 ? fact : [' · ', ...fact]));
    const text = nodes.map((node) => (typeof node === 'string' ? node : node.textContent)).join('');
    if (this.#losses.textContent !== text) this.#losses.replaceChildren(...nodes);
    this.#losses.hidden = text === '';
  }
}

/** "loss 4.684 → 4.512 ▼ 0.172": lower is better of all that is measured so. A change that is under way has no `after`. */
function changeOf(
  name: string,
  before: number | null,
  after: number | null,
  format: (value: number) => string,
): (string | HTMLElement)[] {
  if (after === null)
    return [before === null ? t('{0} measuring…', name) : t('{0} {1} → measuring…', name, format(before))];
  if (before === null || format(before) === format(after)) return [`${name} ${format(after)}`];
  const isBetter = after < before;
  const mark = element(
    'b',
    {
      class: isBetter ? 'better' : 'worse',
      title: isBetter ? t('Better than before this change') : t('Worse than before this change'),
    },
    `${isBetter ? '▼' : '▲'} ${format(Math.abs(after - before))}`,
  );
  return [`${name} ${format(before)} → ${format(after)} `, mark];
}

function groupSizes(groups: readonly number[]): number[] {
  return Array.from(
    { length: Math.max(-1, ...groups) + 1 },
    (_, group) => groups.filter((own) => own === group).length,
  );
}
