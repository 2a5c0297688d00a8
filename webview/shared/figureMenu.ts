/** The menu of a figure: what can be done with it now, and why the rest cannot. Role: items; doing it is figureTools.ts. */
import { t } from '@vscode/l10n';
import type { FigureAction, FigureEnding } from '../../src/protocol/figures';
import type { MenuItem } from './menu';

export interface FigureMenuState {
  hasNumbers: boolean;
  /** Whether its table is shown in its place. */
  isTable: boolean;
  /** Whether the figure is a table by itself. */
  isAlwaysTable: boolean;
}

export function figureMenu(
  { hasNumbers, isTable, isAlwaysTable }: FigureMenuState,
  act: (action: FigureAction) => void,
): MenuItem[] {
  const missing = hasNumbers ? null : t('There are no numbers yet.');
  const item = (id: string, title: string, action: FigureAction, unavailable: string | null): MenuItem => ({
    ...{ id, title, unavailable },
    choose: () => act(action),
  });
  const save = (ending: FigureEnding, unavailable: string | null): MenuItem =>
    item(ending, t('Save as {0}…', ending.toUpperCase()), { kind: 'save', ending }, unavailable);
  const title = isTable ? t('View as figure') : t('View as table');
  return [
    ...(isAlwaysTable ? [] : [item('table', title, { kind: 'table' }, isTable ? null : missing)]),
    { ...save('png', null), separated: !isAlwaysTable },
    save('svg', null),
    save('csv', missing),
    save('json', missing),
    { ...item('copy', t('Copy as CSV'), { kind: 'copy' }, missing), separated: true },
  ];
}
