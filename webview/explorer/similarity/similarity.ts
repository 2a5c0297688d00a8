/**
 * Figure (b): is the grouping sensible? A matrix of the similarity of every pair of heads, group blocks outlined, and beside
 * each row how similar that head is to the pooled head that replaces it; below, what that does to every head's output.
 * Role: the states of the answer, and what the matrix does when it is pointed at. Controls, words and parts are files of their own.
 */
import './similarity.css';
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import { element, watchWidth } from '../../shared/dom';
import type { Figure, FigureNumbers } from '../../shared/figure';
import { layerTitle } from '../../shared/labels';
import { isDark } from '../../shared/theme';
import { Damage } from './damage';
import type { ExplorerData } from '../data';
import { likenessTree } from '../tree/likenessTree';
import { groupOrder, layoutMatrix, matrixScale } from './matrixLayout';
import { drawMatrixTree, TREE_HEIGHT } from './matrixTree';
import { panel } from '../../shared/panel';
import { SimilarityControls } from './similarityControls';
import { MARGIN, SimilarityMatrix, type Pair } from './similarityMatrix';
import { BARS, drawBars, drawLegend, LEGEND } from './similarityScale';
import { describePair, explain, explainMissing, nameOf, progressOf } from './similarityWords';
import { focusedGroup, focusedHead, shownMeasure, similarityRequest, type Actions, type ExplorerView } from '../view';

const LARGEST_MATRIX = 250;
/** Up to so many heads a matrix of that size has cells that can be hit. */
const FEW_HEADS = 16;

export class Similarity implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #stage = element('div', { class: 'similarity-stage' });
  readonly #readout = element('p', { class: 'similarity-readout', 'aria-live': 'polite' });
  readonly #progress = element('p', { class: 'muted note', role: 'status', hidden: true });
  readonly #explanation = element('p', { class: 'muted note', 'data-testid': 'similarity-note' });
  readonly #controls: SimilarityControls;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #svg = select(this.#stage).append('svg').attr('role', 'group');
  readonly #matrix = new SimilarityMatrix(this.#svg, {
    point: (pair) => this.#point(pair),
    choose: (pair) => this.#choose(pair),
  });
  readonly #damage: Damage;
  readonly parts: readonly Figure<ExplorerView>[];
  #view: ExplorerView | null = null;
  #shown: SimilarityResult | null = null;
  #drawn: { result: SimilarityResult; as: string } | null = null;
  #width = 0;

  constructor(actions: Actions, data: ExplorerData) {
    this.#actions = actions;
    this.#data = data;
    this.#damage = new Damage(actions, data);
    this.parts = [this.#damage];
    this.#controls = new SimilarityControls(actions);
    const damage = element('div', { class: 'figure-parts' }, this.#damage.element);
    const parts = [this.#controls.order, this.#stage, this.#readout, this.#progress, this.#explanation, damage];
    this.element = panel('similarity', this.#title, this.#controls.element, ...parts);
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) actions.choose({ pairRow: null, pairColumn: null });
    });
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { ui, snapshot } = view;
    this.#title.textContent = t('Similarity · {0}', layerTitle(snapshot.model, ui.layer));
    this.#controls.show(view);
    this.#damage.fit(this.#width);
    this.#damage.render(view);
    const request = similarityRequest(view, ui.layer);
    const answer = request && this.#data.similarities.get(request);
    const isLoading = answer?.state === 'loading';
    this.element.classList.toggle('loading', isLoading);
    this.element.setAttribute('aria-busy', String(isLoading));
    this.#explanation.classList.toggle('failed', answer?.state === 'failed');
    this.#stage.hidden = answer === null || answer.state === 'failed';
    if (answer === null) this.#explanation.textContent = explainMissing(view);
    else if (answer.state === 'failed') this.#explanation.textContent = answer.error.message;
    else if (answer.state === 'ready') {
      this.#shown = answer.value;
      this.#explanation.textContent = explain(answer.value, view);
      this.#draw(answer.value, view);
    }
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    this.#damage.emphasise(view);
    this.#progress.textContent = progressOf(view);
    this.#progress.hidden = !this.element.classList.contains('loading') || view.comparing === null;
    const result = this.#shown;
    if (result === null) return;
    const R = view.snapshot.model.H / Math.max(1, result.n);
    const head = focusedHead(view);
    const source = head === null ? null : Math.floor(head / R);
    const group = focusedGroup(view);
    const isOn = (place: number): boolean =>
      source === null ? group === null || result.groups[place] === group : place === source;
    this.#matrix.emphasise(isOn, (block) => source !== null || group === null || block === group);
    this.#svg.selectAll<SVGElement, number>('.pooled').classed('dimmed', (place) => !isOn(place));
  }

  /** Puts the focus on the matrix. */
  focusMatrix(): void {
    this.#matrix.focus();
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    const request = similarityRequest(view, view.ui.layer);
    const result = request && this.#data.similarities.peek(request);
    if (result === null) return null;
    const name = nameOf(result);
    const heads = Array.from({ length: result.n }, (_, head) => head);
    return {
      title: t(
        '{0} of {1} heads in {2}',
        shownMeasure(view)?.title ?? '',
        name,
        layerTitle(view.snapshot.model, view.ui.layer),
      ),
      columns: ['head', 'KV group', 'to pooled head', ...heads.map((head) => `${name}${head}`)],
      rows: heads.map((head) => [
        ...[`${name}${head}`, result.groups[head] ?? null, result.toPooled[head] ?? null],
        ...heads.map((other) => result.matrix[head * result.n + other] ?? null),
      ]),
      note: t('Floor, random heads on the same inputs: {0}; most alike {1}.', result.floor, result.floorExtreme),
    };
  }

  #draw(result: SimilarityResult, view: ExplorerView): void {
    if (this.#width === 0) return;
    const { pairRow, pairColumn, similarityOrder: order } = view.ui;
    // Thousands of cells need not be drawn again when something else of the page has changed.
    const drawn = [this.#width, isDark(), order, pairRow, pairColumn].join(' ');
    if (this.#drawn?.result === result && this.#drawn.as === drawn) return;
    this.#drawn = { result, as: drawn };
    const isMany = result.n > FEW_HEADS;
    this.element.classList.toggle('many-heads', isMany);
    const room = Math.min(isMany ? Infinity : LARGEST_MATRIX, this.#width - MARGIN - BARS - LEGEND - 12);
    const measure = shownMeasure(view);
    const tree = order === 'likeness' ? likenessTree(result, measure, 1) : null;
    const heads = tree?.root.leaves ?? (order === 'head' ? groupOrder(result.groups.map(() => 0)) : undefined);
    const layout = layoutMatrix(result.groups, room, heads);
    const scale = matrixScale(result.matrix, result.n, result.floor, measure?.alike ?? 'high');
    const top = MARGIN + (tree === null ? 0 : TREE_HEIGHT);
    const label = t(
      '{0} of {1} {2} heads; arrow keys move through the pairs, Enter shows their maps',
      ...[measure?.title ?? '', result.n, nameOf(result)],
    );
    this.#svg.attr('width', MARGIN + layout.size + BARS + LEGEND + 12).attr('height', top + layout.size + 16);
    this.#matrix.draw(result, {
      ...{ layout, scale, top, label },
      describe: (pair) => describePair(result, pair),
      chosen: pairRow === null || pairColumn === null ? null : { row: pairRow, column: pairColumn },
    });
    drawMatrixTree(this.#svg, tree, layout, result.groups);
    drawBars(this.#svg, result, layout, top);
    drawLegend(this.#svg, result, layout, scale, top);
  }

  /** A pair's maps are shown, or no longer; a head alone is chosen itself. */
  #choose({ row, column }: Pair): void {
    const view = this.#view;
    if (view === null || this.#shown === null) return;
    if (row === column) {
      const head = row * (view.snapshot.model.H / this.#shown.n);
      this.#actions.choose({ head: view.ui.head === head ? null : head });
      return;
    }
    const isShown = view.ui.pairRow === row && view.ui.pairColumn === column;
    this.#actions.choose(isShown ? { pairRow: null, pairColumn: null } : { pairRow: row, pairColumn: column });
  }

  #point(pair: Pair | null): void {
    const result = this.#shown;
    const view = this.#view;
    if (result === null || view === null) return;
    const R = view.snapshot.model.H / result.n;
    this.#actions.hover(
      pair === null ? { head: null, group: null } : { head: pair.row * R, group: result.groups[pair.row] ?? 0 },
    );
    this.#readout.textContent = pair === null ? '' : describePair(result, pair);
  }
}
