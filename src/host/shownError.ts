/**
 * Errors as the host shows them: in the editor's language. They are raised, logged and reported in English (protocol/errorWords.ts).
 * Role: the border between the two. What goes to a notification, a tool tip or a page passes here; what goes to the log does not.
 */
import * as vscode from 'vscode';
import { toErrorValue, type ErrorValue } from '../protocol/errors';
import { ErrorWords } from '../protocol/errorWords';

const words = new ErrorWords(vscode.l10n.bundle);

/** Anything thrown, as it is shown. */
export function shownError(error: unknown): ErrorValue {
  return words.translate(toErrorValue(error));
}

/** A problem that a page or a tool tip shows, if there is one. */
export function shownProblem(problem: ErrorValue | null): ErrorValue | null {
  return problem === null ? null : shownError(problem);
}

/** The message of an error that is kept as a text. */
export function shownText(message: string): string {
  return words.translateMessage(message);
}

/** What is told about a checkpoint, with the reason why it cannot be run. */
export function shownModel<Model extends { notRunnable: string | null }>(model: Model): Model {
  return model.notRunnable === null ? model : { ...model, notRunnable: shownText(model.notRunnable) };
}
