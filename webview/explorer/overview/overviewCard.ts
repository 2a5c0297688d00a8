/** The card beside a cell of the overview: which heads it is the mean of, and every statistic of it that is known. */
import { element } from '../../shared/dom';
import { paintGroup } from '../../shared/groupLook';
import { capitalised, layerTitle } from '../../shared/labels';
import { placeBeside } from '../../shared/placement';
import type { ExplorerData } from '../data';
import { cellName, type GroupCell } from './overviewCells';
import { meanOf } from './overviewNumbers';
import { statistics } from './statistics';
import type { ExplorerView } from '../view';

export class OverviewCard {
  readonly element = element('div', {
    class: 'readout overview-card',
    role: 'tooltip',
    'data-testid': 'overview-card',
    hidden: true,
  });
  readonly #data: ExplorerData;

  constructor(data: ExplorerData) {
    this.#data = data;
  }

  /** @param target the cell that it stands beside */
  show(view: ExplorerView, cell: GroupCell, target: HTMLElement): void {
    const rows = statistics
      .filter((statistic) => statistic.applies(view, cell.layer))
      .map((statistic) => {
        const numbers = statistic.peek(view, cell.layer, this.#data);
        const value = numbers && meanOf(numbers, cell.group);
        const said = value === null ? '–' : statistic.format(value);
        const unit = value === null || statistic.unit() === '%' ? '' : `\u202f${statistic.unit()}`;
        return element(
          'div',
          { class: statistic.id === view.ui.statistic ? 'emphasised' : '' },
          element('dt', {}, statistic.title()),
          element('dd', { 'data-statistic': statistic.id }, `${said}${said === '–' ? '' : unit}`),
        );
      });
    paintGroup(this.element, cell.group);
    this.element.replaceChildren(
      element('b', {}, capitalised(layerTitle(view.snapshot.model, cell.layer))),
      element('div', { class: cell.isGrouped ? 'cell-name' : 'muted' }, cellName(cell)),
      element('dl', {}, ...rows),
    );
    this.element.hidden = false;
    const { right, top } = target.getBoundingClientRect();
    placeBeside(this.element, { x: right, y: top });
  }

  hide(): void {
    this.element.hidden = true;
  }
}
