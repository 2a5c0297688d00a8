/**
 * Rows of the overview's grid: a layer's name, its cells, its mean; and the headings over them.
 * Role: elements, their words and what is done to them. Which rows are drawn is overviewGrid.ts, what is in a cell overviewCell.ts.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import { element } from '../../shared/dom';
import { paintGroup } from '../../shared/groupLook';
import { capitalised, layerTitle } from '../../shared/labels';
import type { ExplorerData } from '../data';
import { fillCell, type GridContent } from './overviewCell';
import { cellsOf, type GroupCell } from './overviewCells';
import type { OverviewLayout } from './overviewLayout';
import { meanOf } from './overviewNumbers';
import type { ExplorerView } from '../view';

export interface RowEvents {
  /** A cell was clicked; without a group, the name of a layer. */
  choose(layer: number, group: number | null): void;
  /** The pointer is on a cell, or the keyboard has come to one. */
  point(cell: GroupCell | null, target: HTMLElement | null): void;
}

/** The row of headings: layer, one a group, mean. */
export function headCells({ ui, snapshot }: ExplorerView, count: number, layout: OverviewLayout): HTMLElement[] {
  const groups = Array.from({ length: count }, (_, group) => group);
  const every = Math.ceil((layout.density === 'pictures' ? 30 : 18) / Math.max(1, layout.pitch));
  const direction = ui.layerOrderDescending ? 'descending' : 'ascending';
  const sorted = (isSorted: boolean): string => (isSorted ? direction : 'none');
  const layers = element(
    'span',
    { class: 'layer-name', role: 'columnheader', 'aria-sort': sorted(ui.layerOrder === 'number') },
    element('span', { class: 'visually-hidden' }, t('Layer')),
  );
  const cells = groups.map((group) => {
    const text = group % every === 0 ? (layout.density === 'pictures' ? `KV ${group}` : String(group)) : '';
    const made = element('span', { role: 'columnheader', class: 'group-head', title: `KV ${group}` }, text);
    if (text === '') made.setAttribute('aria-label', `KV ${group}`);
    paintGroup(made, group);
    return made;
  });
  const mean = element(
    'span',
    { class: 'layer-mean', role: 'columnheader', 'aria-sort': sorted(ui.layerOrder !== 'number') },
    t('mean'),
  );
  return [layers, ...(snapshot.model.L > 0 ? cells : []), mean];
}

/**
 * Puts rows into the page, and takes others out.
 * @param shown layers whose rows are in the page
 * @param which rows are drawn: all, or those alone that were not there
 * @param options.above rows above the first that there is room for
 */
export function drawRows(
  body: HTMLElement,
  content: GridContent,
  shown: readonly number[],
  which: 'all' | 'entering',
  { layout, data, events, above }: { layout: OverviewLayout; data: ExplorerData; events: RowEvents; above: number },
): void {
  const { view, order } = content;
  const { model } = view.snapshot;
  const entered = new Set<number>();
  const joined = select(body)
    .selectAll<HTMLElement, number>('.layer')
    .data(shown, (layer) => layer)
    .join((enter) => {
      for (const layer of enter.data()) entered.add(layer);
      const made = enter.append('div').attr('class', 'overview-row layer').attr('role', 'row');
      made.append('span').attr('class', 'layer-name').attr('role', 'rowheader');
      made.append('div').attr('class', 'layer-groups').attr('role', 'presentation');
      made.append('span').attr('class', 'layer-mean').attr('role', 'gridcell');
      return made;
    })
    .order();
  const rows = which === 'all' ? joined : joined.filter((layer) => entered.has(layer));
  rows
    .attr('data-layer', (layer) => layer)
    .attr('aria-rowindex', (layer) => order.indexOf(layer) + 2)
    .classed('chosen', (layer) => layer === view.ui.layer)
    .style('top', (layer) => `${(order.indexOf(layer) - above) * layout.rowHeight}px`);
  const isChosenCell = ({ layer, group, isGrouped }: GroupCell): boolean =>
    isGrouped && layer === view.ui.layer && group === view.ui.group;
  const namesRow = (layer: number): boolean =>
    layer === view.ui.layer && (view.ui.group === null || model.layers[layer]?.grouped === false);
  rows
    .select<HTMLElement>('.layer-name')
    .attr('tabindex', (layer) => (namesRow(layer) ? 0 : -1))
    .attr('aria-selected', (layer) => String(namesRow(layer)))
    .attr('aria-label', (layer) => describeLayer(content, layer))
    .attr('title', (layer) => `${capitalised(layerTitle(model, layer))}: ${t('all groups')}`)
    .text((layer) => model.layers[layer]?.name ?? layer)
    .on('click', (_: Event, layer) => events.choose(layer, null));
  rows.select('.layer-mean').text((layer) => meanText(content, layer));
  const cells = rows
    .select('.layer-groups')
    .selectAll<HTMLElement, GroupCell>('.group-cell')
    .data(
      (layer) => cellsOf(view, layer),
      ({ group }) => group,
    )
    .join((enter) => {
      const made = enter.append('div').attr('class', 'group-cell').attr('role', 'gridcell');
      made.append('canvas').attr('aria-hidden', 'true');
      made.append('span').attr('class', 'cell-bar').append('i');
      made.append('span').attr('class', 'cell-value');
      return made;
    })
    .attr('data-layer', ({ layer }) => layer)
    .attr('data-group', ({ group }) => group)
    .attr('tabindex', (cell) => (isChosenCell(cell) ? 0 : -1))
    .attr('aria-selected', (cell) => String(isChosenCell(cell)))
    .classed('whole', ({ isGrouped }) => !isGrouped)
    .on('click', (_: Event, { layer, group, isGrouped }) => events.choose(layer, isGrouped ? group : null))
    .on('pointerenter', (event: Event, cell) => events.point(cell, targetOf(event)))
    .on('focus', (event: Event, cell) => {
      const target = targetOf(event);
      if (target?.matches(':focus-visible') === true) events.point(cell, target);
    })
    .on('blur', () => events.point(null, null));
  cells.each((cell, place, nodes) => {
    const node = nodes[place];
    if (node === undefined) return;
    if (cell.isGrouped) paintGroup(node, cell.group);
    fillCell(node, cell, content, layout.density, data);
  });
}

function meanText({ statistic, numbersOf }: GridContent, layer: number): string {
  const numbers = numbersOf(layer);
  const mean = numbers && meanOf(numbers, null);
  return statistic === null || mean === null ? '' : statistic.format(mean);
}

function describeLayer(content: GridContent, layer: number): string {
  const mean = meanText(content, layer);
  const said = mean === '' ? '' : `, ${t('mean')} ${mean}`;
  return `${layerTitle(content.view.snapshot.model, layer)}, ${t('all groups')}${said}`;
}

function targetOf(event: Event): HTMLElement | null {
  return event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
}
