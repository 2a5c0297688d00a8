/**
 * The pages that are open, as far as their figures go: commands and context menus reach the right one here.
 * Role: who is where. What a figure can do is webview/shared/figureTools.ts.
 */
import * as vscode from 'vscode';
import type { FigureAction, FigureHostApi, FigureInfo } from '../../protocol/figures';
import { saveFile } from '../files';

/** What a page does with its figures when it is asked from outside. */
export interface FigurePage {
  figures(): Promise<FigureInfo[]>;
  figureAction(id: string, action: FigureAction): Promise<void>;
}

/** What the figures of any page ask of the host. */
export const figureHost: FigureHostApi = {
  saveFigure: ({ name, ending, content }) =>
    saveFile({ title: vscode.l10n.t('Save Figure'), name, ending, content: () => content }),
  copyText: async (text) => vscode.env.clipboard.writeText(text),
};

const open = new Map<vscode.WebviewPanel, { id: string; page: FigurePage }>();
let pages = 0;

/** Makes a page's figures known while its panel lives. @returns the id that its context menus name it by */
export function registerFigures(panel: vscode.WebviewPanel, page: FigurePage): string {
  const id = String(++pages);
  open.set(panel, { id, page });
  panel.onDidDispose(() => open.delete(panel));
  return id;
}

/** The page that the user looks at; null where that is none of ours. */
export function activeFigures(): FigurePage | null {
  return [...open].find(([panel]) => panel.active)?.[1].page ?? null;
}

/** The page of a context menu; null where it is closed by now. */
export function figuresOf(id: string): FigurePage | null {
  return [...open.values()].find((own) => own.id === id)?.page ?? null;
}
