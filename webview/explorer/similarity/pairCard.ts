/**
 * Two heads of the similarity matrix side by side: their attention maps on one scale, what one has more of than the other, and
 * how alike they are by the measure that is chosen.
 * Role: what the panes show together, words and states. A pane is pairPane.ts, which heads they are pair.ts, what the pointer tells
 * pairReadout.ts, numbers for tables and files pairTable.ts.
 */
import './pairCard.css';
import { t } from '@vscode/l10n';
import type { RunSummary } from '../../../src/protocol/runs';
import { addCells } from '../../shared/attentionCode';
import { fitScale, pixelTable } from '../../shared/colorScale';
import { plainButton } from '../../shared/controls';
import { NO_DIFFERENCE } from '../../shared/difference';
import { differenceColors } from '../../shared/differenceColors';
import { element } from '../../shared/dom';
import type { Figure, FigureNumbers, Gathering } from '../../shared/figure';
import { formatWeight } from '../../shared/format';
import { layerTitle } from '../../shared/labels';
import { layerTokens } from '../../shared/layerTokens';
import { panel } from '../../shared/panel';
import type { Readout } from '../../shared/readout';
import { isDark } from '../../shared/theme';
import type { ExplorerData } from '../data';
import { hasAllWeights, pairDifference, pairMaps, shownPair, type PairSide } from './pair';
import { MEMBER_PIXELS, PairPaneView, type PairPaneEvents } from './pairPane';
import { PairReadout, type PairPane } from './pairReadout';
import { describePair, gatherPair, pairNumbers } from './pairTable';
import type { Actions, ExplorerView } from '../view';

const PANES: readonly PairPane[] = ['first', 'difference', 'second'];
export class PairCard implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #words = element('p', { class: 'pair-words', 'data-testid': 'pair-words' });
  readonly #missing = element('p', { class: 'hint' });
  readonly #panes: Record<PairPane, PairPaneView>;
  readonly #box: HTMLElement;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #readout: PairReadout;
  readonly #opened: () => void;
  readonly #closed: () => void;
  #view: ExplorerView | null = null;
  /** The pair that was drawn last. */
  #drawn = '';

  /**
   * @param opened called when a pair was chosen that was not there
   * @param closed called when the card was closed by itself: the focus was in it
   */
  constructor(actions: Actions, data: ExplorerData, readout: Readout, opened: () => void, closed: () => void) {
    this.#actions = actions;
    this.#data = data;
    this.#opened = opened;
    this.#closed = closed;
    this.#readout = new PairReadout(data, readout);
    const close = plainButton('×', { 'aria-label': t('Close'), title: t('Close (Escape)') }, () => this.#close());
    close.dataset.testid = 'pair-close';
    const events: PairPaneEvents = {
      hover: (pane, head, cell, at) => {
        actions.hover({ query: cell?.query ?? null, key: cell?.key ?? null });
        this.#readout.point(this.#view, pane, head, cell, at);
      },
      select: (token) => actions.choose({ token: this.#view?.ui.token === token ? null : token }),
    };
    const panes = PANES.map((pane) => [pane, new PairPaneView(pane, events)] as const);
    this.#panes = Object.fromEntries(panes) as Record<PairPane, PairPaneView>;
    this.#box = element('div', { class: 'pair-panes' }, ...panes.map(([, { element: own }]) => own));
    const controls = element('div', { class: 'controls' }, close);
    this.element = panel('pair', this.#title, controls, this.#words, this.#missing, this.#box);
    this.element.dataset.testid = 'pair';
    this.element.hidden = true;
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) this.#close();
    });
  }

  render(view: ExplorerView): void {
    const isFirst = this.#view === null;
    this.#view = view;
    const pair = shownPair(view);
    this.element.hidden = pair === null;
    const key = pair === null ? '' : `${pair[0].name} ${pair[1].name}`;
    const isNew = key !== this.#drawn;
    this.#drawn = key;
    if (pair === null) return;
    const run = view.snapshot.original;
    this.#title.textContent = t(
      '{0} beside {1} · {2}',
      ...[pair[0].name, pair[1].name, layerTitle(view.snapshot.model, view.ui.layer)],
    );
    this.#words.textContent = describePair(view, this.#data);
    this.#box.hidden = run === null;
    this.#missing.hidden = run !== null;
    this.#missing.textContent = t('Run the text to see what the two attend to.');
    if (run !== null) this.#drawMaps(view, run, pair);
    this.emphasise(view);
    // After a reload it is there already, and the page stays where it is.
    if (isNew && !isFirst) this.#opened();
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    if (this.element.hidden) return;
    const { query, key } = view.hover;
    for (const pane of PANES) this.#panes[pane].mark({ query, key, token: view.ui.token });
    this.#readout.refresh(view);
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    return pairNumbers(view, this.#data, this.#title.textContent);
  }

  gather(view: ExplorerView, gathering: Gathering): Promise<FigureNumbers> {
    return gatherPair(view, this.#data, this.#title.textContent, gathering);
  }

  #close(): void {
    this.#actions.choose({ pairRow: null, pairColumn: null });
    this.#closed();
  }

  #drawMaps(view: ExplorerView, run: RunSummary, pair: [PairSide, PairSide]): void {
    const { layer, hideFirstToken, scale } = view.ui;
    const tokens = layerTokens(run, view.snapshot.model.layers[layer]);
    const longest = Math.max(tokens.queries.length, tokens.keys.length);
    const groupOfHead = view.snapshot.grouping.groupOfHead[layer] ?? [];
    const answers = pair.map((side) =>
      this.#data.maps.whole(pairMaps(run, layer, side), longest, { mean: longest, members: MEMBER_PIXELS }),
    );
    const [first = null, second = null] = answers.map(({ tile }) => (tile && hasAllWeights(tile) ? tile : null));
    const error = answers.find((answer) => answer.error !== null)?.error ?? null;
    this.#missing.hidden = error === null;
    this.#missing.textContent = error?.message ?? '';
    this.#box.classList.toggle('loading', first === null || second === null);
    pair.forEach((side, place) =>
      this.#panes[place === 0 ? 'first' : 'second'].nameSide(side, groupOfHead[side.head] ?? 0),
    );
    this.#panes.difference.title.textContent = t('Difference');
    if (first === null || second === null) return;
    const histogram = new Uint32Array(256);
    for (const tile of [first, second]) addCells(histogram, tile, tile.members ?? tile.mean, hideFirstToken);
    const table = pixelTable(fitScale(histogram, scale), isDark());
    for (const pane of PANES) this.#panes[pane].axis.show(tokens, first.causal);
    this.#panes.first.drawSide(first, table, hideFirstToken);
    this.#panes.second.drawSide(second, table, hideFirstToken);
    const difference = pairDifference(first, second, hideFirstToken);
    const { S, T, causal, window } = first;
    this.#panes.difference.map.draw({
      ...{ S, T, causal, fadeFirst: hideFirstToken },
      layers: [
        {
          ...{ window, rows: S, columns: T, codes: difference.codes },
          ...{ table: differenceColors(), zero: NO_DIFFERENCE },
        },
      ],
    });
    this.#panes.difference.words.replaceChildren(
      swatch('less', t('more in {0}', pair[0].name)),
      swatch('more', t('more in {0}', pair[1].name)),
      element('span', { class: 'muted' }, t('full colour ±{0}', formatWeight(difference.largest))),
    );
    this.#readout.show(view, pair, { first, second });
  }
}

function swatch(kind: 'less' | 'more', label: string): HTMLElement {
  return element('span', {}, element('i', { class: `pair-swatch ${kind}` }), label);
}
