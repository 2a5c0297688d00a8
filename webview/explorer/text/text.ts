/**
 * The text and who looks at what in it, in the colours of the groups: as shades of the text itself, or as lines between two
 * columns of tokens. Beside it stand the tokens that get most of it. While no token is looked at, the shade is the loss of each
 * token: where the text surprises the model.
 * Role: which numbers are shown, and what pointing and clicking do. Choices are textControls.ts; shades are drawn by textShades.ts,
 * lines by textLines.ts, the list by textAttended.ts.
 */
import './text.css';
import { t } from '@vscode/l10n';
import { element } from '../../shared/dom';
import type { Figure, FigureNumbers } from '../../shared/figure';
import { shortLabel } from '../../shared/labels';
import type { ExplorerData } from '../data';
import { panel } from '../../shared/panel';
import { TextAttended, type AttendedRow } from './textAttended';
import { TextChips } from './textChips';
import { TextControls } from './textControls';
import { TextLines } from './textLines';
import { linesToDraw } from './textLinesToDraw';
import { textNumbers } from './textNumbers';
import { focusOf, isOneText, type Focus, type PointedSide } from './textSeries';
import { shadesOf, TextShades } from './textShades';
import { askWeights, voicesOf, type Voice } from './textWeights';
import { shownRun, shownTokens, type Actions, type ExplorerView } from '../view';

/** Lists beside the text. */
const MOST_LISTS = 12;
/** How long a token is looked at before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

export class Text implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span', {}, t('Text'));
  readonly #note = element('p', { class: 'muted note', 'data-testid': 'text-note' });
  readonly #hint = element('p', { class: 'hint' }, t('The tokens of your text appear here.'));
  readonly #choices: TextControls;
  readonly #chips: TextChips;
  readonly #body: HTMLElement;
  readonly #shades: TextShades;
  readonly #lines: TextLines;
  readonly #attended: TextAttended;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  #view: ExplorerView | null = null;
  #pinnedKey: number | null = null;
  #side: PointedSide = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(actions: Actions, data: ExplorerData) {
    this.#actions = actions;
    this.#data = data;
    this.#choices = new TextControls(actions);
    this.#chips = new TextChips(actions);
    this.#shades = new TextShades({
      hover: (side, token) => this.#hover(side, token, false),
      pin: (side, token) => this.#pin(side, token),
      unpin: () => this.#unpin(),
    });
    this.#lines = new TextLines({
      hover: (side, token) => this.#hover(side, token, true),
      pin: (side, token) => this.#pin(side, token),
      unpin: () => this.#unpin(),
      scrolled: () => this.#scrolled(),
    });
    this.#attended = new TextAttended((direction, token) => {
      if (this.#view?.ui.textMode === 'lines') this.#lines.reveal(token);
      else this.#shades.reveal(direction === 'from' ? 'key' : 'query', token);
    });
    this.#body = element(
      'div',
      { class: 'text-body' },
      element('div', { class: 'text-main' }, this.#shades.element, this.#lines.element, this.#lines.outOfSight),
      this.#attended.element,
    );
    this.element = panel(
      'text',
      this.#title,
      this.#choices.element,
      this.#chips.element,
      this.#note,
      this.#hint,
      this.#body,
    );
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { ui } = view;
    this.#hint.hidden = shownRun(view) !== null;
    this.#body.hidden = shownRun(view) === null;
    this.#choices.show(ui);
    this.#chips.show(view);
    this.#shades.element.hidden = ui.textMode !== 'shades';
    this.#lines.element.hidden = this.#lines.outOfSight.hidden = ui.textMode !== 'lines';
    this.#shades.show(shownTokens(view));
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    const focus = focusOf(view, this.#pinnedKey, this.#side);
    const voices = voicesOf(view, this.#data, focus);
    this.#askAtRest(focus);
    this.#title.textContent = titleOf(view, focus);
    this.#drawList(view, voices);
    const isLooking = focus.query !== null || focus.key !== null;
    if (view.ui.textMode === 'shades') {
      const shades = shadesOf(view, focus, voices);
      this.#shades.mark(shades, this.#pinned(view), view);
      this.#tell(shades.note);
      return;
    }
    const before = isLooking ? null : this.#lines.inSight;
    this.#drawLines(view, focus, voices);
    if (before === null) return;
    // Rows have no height before they are drawn: only then is it known which of them are in sight.
    const { first, end } = this.#lines.inSight;
    if (first !== before.first || end !== before.end) this.#drawLines(view, focus, voices);
  }

  #drawLines(view: ExplorerView, focus: Focus, voices: readonly Voice[]): void {
    const shades = shadesOf(view, focus, voices);
    const drawn = linesToDraw(view, this.#data, voices, focus, this.#lines.inSight);
    const isLooking = focus.query !== null || focus.key !== null;
    this.#lines.show({
      ...shownTokens(view),
      series: voices.map(({ series }) => series),
      lines: drawn.lines,
      focus,
      shades: isLooking ? { query: shades.query, key: shades.key } : { query: null, key: null },
      pinned: this.#pinned(view),
    });
    this.#tell(drawn.note);
  }

  #pinned(view: ExplorerView): { query: number | null; key: number | null } {
    return { query: view.ui.token, key: isOneText(view) ? view.ui.token : this.#pinnedKey };
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    const focus = focusOf(view, this.#pinnedKey, this.#side);
    return textNumbers(view, focus, voicesOf(view, this.#data, focus));
  }

  #tell(note: string): void {
    this.#note.textContent = this.#note.title = note;
  }

  #drawList(view: ExplorerView, voices: readonly Voice[]): void {
    const { queries, keys } = shownTokens(view);
    const rows = voices.flatMap(({ series, from, to }): AttendedRow[] => [
      ...(from === null ? [] : [{ series, direction: 'from' as const, weights: from, tokens: keys }]),
      ...(to === null ? [] : [{ series, direction: 'to' as const, weights: to, tokens: queries }]),
    ]);
    this.#attended.show(rows.slice(0, MOST_LISTS), rows.length - MOST_LISTS, view.ui.hideFirstToken);
  }

  #hover(side: Exclude<PointedSide, null>, token: number | null, fromLines: boolean): void {
    const view = this.#view;
    if (view === null) return;
    this.#side = fromLines && token !== null ? side : null;
    // In one text a token is marked in every map, as one that looks and one that is looked at.
    if (isOneText(view)) this.#actions.hover({ query: token, key: token });
    else this.#actions.hover({ query: side === 'query' ? token : null, key: side === 'key' ? token : null });
  }

  #pin(side: Exclude<PointedSide, null>, token: number): void {
    const view = this.#view;
    if (view === null) return;
    const { textMode, textDirection } = view.ui;
    const direction = side === 'query' ? 'from' : 'to';
    if (!isOneText(view) && side === 'key') {
      this.#pinnedKey = this.#pinnedKey === token ? null : token;
      this.#actions.choose({ token: null, ...(textDirection === 'both' ? {} : { textDirection: direction }) });
      return;
    }
    this.#pinnedKey = null;
    // In lines the column says what is asked: the pinned token goes on being told as it was pointed at.
    const asks = textMode === 'lines' || !isOneText(view);
    this.#actions.choose({
      token: view.ui.token === token ? null : token,
      ...(asks && textDirection !== 'both' ? { textDirection: direction } : {}),
    });
  }

  #unpin(): void {
    this.#pinnedKey = null;
    this.#side = null;
    this.#actions.hover({ query: null, key: null });
    this.#actions.choose({ token: null });
  }

  /** Lines of a whole text are those of the rows in sight. */
  #scrolled(): void {
    const view = this.#view;
    if (view === null) return;
    const { query, key } = focusOf(view, this.#pinnedKey, this.#side);
    if (query === null && key === null) this.emphasise(view);
  }

  /** Asks for the exact weights of what is still looked at a moment later. */
  #askAtRest({ query, key }: Focus): void {
    clearTimeout(this.#rest);
    if (query === null && key === null) return;
    this.#rest = setTimeout(() => {
      const view = this.#view;
      if (view === null) return;
      const now = focusOf(view, this.#pinnedKey, this.#side);
      if (now.query === query && now.key === key) askWeights(view, this.#data, now);
    }, REST_MILLISECONDS);
  }
}

function titleOf(view: ExplorerView, { query, key }: Focus): string {
  const { queries, keys } = shownTokens(view);
  const name = (text: string | undefined): string => shortLabel(text ?? '', 16);
  const looking = query === null ? undefined : queries[query];
  const lookedAt = key === null ? undefined : keys[key];
  if (looking !== undefined && lookedAt !== undefined) {
    return query === key && isOneText(view)
      ? t('What “{0}” looks at, and who looks at it', name(looking.text))
      : t('What “{0}” looks at, and who looks at “{1}”', name(looking.text), name(lookedAt.text));
  }
  if (looking !== undefined) return t('What “{0}” looks at', name(looking.text));
  if (lookedAt !== undefined) return t('Who looks at “{0}”', name(lookedAt.text));
  return t('Text');
}
