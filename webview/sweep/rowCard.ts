/** The numbers of the row under the pointer, in a card beside it. */
import type { SweepResult, SweepRow } from '../../src/protocol/sweep';
import { element } from '../shared/dom';
import { formatNumber } from '../shared/format';
import { placeBeside } from '../shared/placement';
import { columns } from './columns';
import { countKvHeads, headsTitle, methodTitle, originalOf } from './lines';

export class RowCard {
  readonly element = element('div', {
    class: 'readout row-card',
    role: 'status',
    'aria-live': 'polite',
    'data-testid': 'row-card',
    hidden: true,
  });

  /** @param hint what a click does; empty where it does nothing */
  show(row: SweepRow, result: SweepResult, at: { x: number; y: number }, hint: string): void {
    const original = originalOf(result);
    const more = original === null || original === row ? null : (row.loss ?? NaN) - (original.loss ?? NaN);
    const facts = columns.flatMap((column) => {
      const value = column.value(row);
      if (!column.inCard || value === null) return [];
      const change = column.id === 'loss' && more !== null && !Number.isNaN(more) ? ` (+${formatNumber(more, 3)})` : '';
      return [element('dt', {}, column.title), element('dd', {}, `${column.format(value)}${change}`)];
    });
    const heads = `${countKvHeads(row.G)} · ${headsTitle(row.G, result.model)}`;
    this.element.replaceChildren(
      element('b', {}, methodTitle(row, result)),
      element('div', { class: 'muted' }, heads),
      element('dl', {}, ...facts),
      ...(hint === '' || row.merge === null ? [] : [element('div', { class: 'muted' }, hint)]),
    );
    this.element.hidden = false;
    placeBeside(this.element, at);
  }

  hide(): void {
    this.element.hidden = true;
  }
}
