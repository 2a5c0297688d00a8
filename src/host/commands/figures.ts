/** Figures from outside of their pages: the palette's "Save Figure…", and the entries of context menus in webviews. */
import * as vscode from 'vscode';
import { GqaLensError } from '../../protocol/errors';
import type { FigureAction, FigureContext, FigureEnding, FigureInfo } from '../../protocol/figures';
import { activeFigures, figuresOf } from '../panels/figurePanels';

const endings = (): { ending: FigureEnding; label: string; description: string; isNumbers: boolean }[] => [
  { ending: 'png', label: 'PNG', description: vscode.l10n.t('A picture, sharp when printed'), isNumbers: false },
  { ending: 'svg', label: 'SVG', description: vscode.l10n.t('A picture that can be edited'), isNumbers: false },
  { ending: 'csv', label: 'CSV', description: vscode.l10n.t('The numbers, for spreadsheets'), isNumbers: true },
  {
    ending: 'json',
    label: 'JSON',
    description: vscode.l10n.t('The numbers, with what they are of'),
    isNumbers: true,
  },
];

/** Asks for a figure of the page that is looked at, and for a format. */
export async function saveFigure(): Promise<void> {
  const page = activeFigures();
  const figures = (await page?.figures()) ?? [];
  if (page === null || figures.length === 0) {
    throw new GqaLensError('input-invalid', 'No figure is shown', {
      next: 'Open a checkpoint, a comparison or a sweep, and bring its panel to the front.',
    });
  }
  const title = vscode.l10n.t('Save Figure');
  const figure = await vscode.window.showQuickPick(
    figures.map((info: FigureInfo) => ({ label: info.title, info })),
    { title, placeHolder: vscode.l10n.t('Which figure'), ignoreFocusOut: true },
  );
  if (figure === undefined) return;
  const format = await vscode.window.showQuickPick(
    endings().filter(({ isNumbers }) => figure.info.hasNumbers || !isNumbers),
    { title, placeHolder: vscode.l10n.t('As what'), ignoreFocusOut: true },
  );
  if (format === undefined) return;
  await page.figureAction(figure.info.id, { kind: 'save', ending: format.ending });
}

/** An entry of a figure's context menu. @param actionOn what it does at the place that the menu was opened on */
export function figureAction(actionOn: (context: Partial<FigureContext>) => FigureAction | null) {
  return async (given?: unknown): Promise<void> => {
    if (!isFigureContext(given)) return;
    const action = actionOn(given);
    if (action !== null) await figuresOf(given.gqaLensPage)?.figureAction(given.gqaLensFigure, action);
  };
}

/** The entries, by the end of their commands' names. */
export const figureActions: Record<string, ReturnType<typeof figureAction>> = {
  table: figureAction(() => ({ kind: 'table' })),
  png: figureAction(() => ({ kind: 'save', ending: 'png' })),
  svg: figureAction(() => ({ kind: 'save', ending: 'svg' })),
  csv: figureAction(() => ({ kind: 'save', ending: 'csv' })),
  json: figureAction(() => ({ kind: 'save', ending: 'json' })),
  copy: figureAction(() => ({ kind: 'copy' })),
  group: figureAction(({ gqaLensGroup: group }) =>
    typeof group === 'number' ? { kind: 'focus', on: { group } } : null,
  ),
  token: figureAction(({ gqaLensToken: token }) =>
    typeof token === 'number' ? { kind: 'focus', on: { token } } : null,
  ),
  head: figureAction(({ gqaLensHead: head }) => (typeof head === 'number' ? { kind: 'focus', on: { head } } : null)),
};

/** Arguments of commands come from anywhere. */
function isFigureContext(
  given: unknown,
): given is Pick<FigureContext, 'gqaLensPage' | 'gqaLensFigure'> & Partial<FigureContext> {
  return (
    typeof given === 'object' &&
    given !== null &&
    'gqaLensPage' in given &&
    typeof given.gqaLensPage === 'string' &&
    'gqaLensFigure' in given &&
    typeof given.gqaLensFigure === 'string'
  );
}
