/** The groups, and the heads of a chosen one, whose attention the text tells: to choose, and as the legend of the colours. */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import { element } from '../../shared/dom';
import { groupColor, paintGroup } from '../../shared/groupLook';
import { restingSeries, seriesColor } from './textSeries';
import { shownGroups, type Actions, type ExplorerView } from '../view';

interface Chip {
  id: string;
  text: string;
  group: number | null;
  head: number | null;
  color: string | null;
  isPressed: boolean;
}

export class TextChips {
  readonly element = element('div', {
    class: 'text-chips',
    role: 'group',
    'aria-label': t('Whose attention'),
    'data-testid': 'text-chips',
  });
  readonly #actions: Actions;

  constructor(actions: Actions) {
    this.#actions = actions;
  }

  show(view: ExplorerView): void {
    const chips = chipsOf(view);
    this.element.hidden = chips.length <= 2;
    select(this.element)
      .selectAll<HTMLButtonElement, Chip>('button')
      .data(chips, ({ id }) => id)
      .join((enter) => enter.append('button').attr('type', 'button').attr('class', 'chip'))
      .order()
      .attr('data-group', ({ group }) => group)
      .attr('data-head', ({ head }) => head)
      .attr('aria-pressed', ({ isPressed }) => String(isPressed))
      .classed('group-mark', ({ color }) => color !== null)
      .classed('head-chip', ({ head }) => head !== null)
      .each(function ({ group, color }) {
        if (group !== null) paintGroup(this, group);
        if (color !== null) this.style.setProperty('--group', color);
      })
      .text(({ text }) => text)
      .on('click', (_: Event, { group, head, isPressed }) =>
        this.#actions.choose(head === null ? { group, head: null } : { head: isPressed ? null : head }),
      )
      .on('pointerenter', (_: Event, { group, head }) => this.#actions.hover({ group, head }))
      .on('pointerleave', () => this.#actions.hover({ group: null, head: null }));
  }
}

function chipsOf(view: ExplorerView): Chip[] {
  const { ui } = view;
  const groups = shownGroups(view);
  const all: Chip = {
    ...{ id: 'all', text: t('All'), group: null, head: null, color: null },
    isPressed: ui.group === null && ui.head === null,
  };
  const ofGroups = groups.map((_, group): Chip => ({
    ...{ id: `KV ${group}`, text: `KV ${group}`, group, head: null, color: groupColor(group) },
    isPressed: ui.group === group,
  }));
  if (ui.textBy === 'group') return [all, ...ofGroups];
  const heads = restingSeries({ ...view, ui: { ...ui, head: null } });
  const ofHeads = heads.map((series): Chip => ({
    ...{ id: series.id, text: series.label, group: series.group, head: series.head },
    color: seriesColor(series, groupColor(series.group)),
    isPressed: ui.head === series.head,
  }));
  return [...ofGroups.map((chip) => ({ ...chip, isPressed: chip.group === (ui.group ?? 0) })), ...ofHeads];
}
