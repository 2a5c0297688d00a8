/** What the page shows while there is nothing to compare: why, and what to do about it. */
import { t } from '@vscode/l10n';
import type { DiffSnapshot } from '../../src/protocol/diffView';
import { sideIds, type DiffSide, type SideId } from '../../src/protocol/sides';
import { button } from '../shared/controls';
import { element } from '../shared/dom';
import type { SidesEvents } from './sidesBar';

export class Absent {
  readonly element = element('div', { class: 'absent', 'data-testid': 'absent', hidden: true });
  readonly #events: SidesEvents;
  #shown = '';

  constructor(events: SidesEvents) {
    this.#events = events;
  }

  show(snapshot: DiffSnapshot): void {
    const { compare, busy, sides, problem } = snapshot;
    this.element.hidden = compare !== null || busy !== null;
    if (this.element.hidden) return;
    const failed = problem === null ? undefined : sideIds.find((id) => sides[id].side.kind === 'checkpoint');
    // Buttons that stand are not made again: one of them may have the focus.
    const key = JSON.stringify([failed, sides, snapshot.model.G, snapshot.state.conversion.G]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.replaceChildren(...(failed === undefined ? hint(snapshot) : this.#waysOn(snapshot, failed)));
  }

  /** Another checkpoint cannot be shown; why stands in the banner above. */
  #waysOn({ sides, state, model }: DiffSnapshot, id: SideId): HTMLElement[] {
    const other = state.sides[id === 'a' ? 'b' : 'a'];
    const instead: DiffSide = other.kind === 'opened' ? { kind: 'converted' } : { kind: 'opened' };
    const canConvert = instead.kind === 'opened' || model.groupChoices.length > 1;
    return [
      element('p', {}, t('{0} cannot be shown here.', sides[id].name)),
      button(t('Another checkpoint…'), { 'data-testid': 'choose-another' }, () => this.#events.chooseCheckpoint(id)),
      ...(canConvert
        ? [
            button(
              instead.kind === 'opened' ? t('Compare with the original') : t('Compare with a conversion'),
              { 'data-testid': 'compare-instead' },
              () => this.#events.setSides({ ...state.sides, [id]: instead }),
            ),
          ]
        : []),
    ];
  }
}

function hint({ sides: { a, b }, model }: DiffSnapshot): HTMLElement[] {
  const isSame =
    a.model !== null && a.model.modelId === b.model?.modelId && a.conversion === null && b.conversion === null;
  const text = isSame
    ? t('Both sides are {0} as it is: choose fewer KV heads for one of them, or another checkpoint.', model.name)
    : t('Press Run to put {0} and {1} side by side.', a.name, b.name);
  return [element('p', {}, text)];
}
