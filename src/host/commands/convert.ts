/** Asks for a whole conversion (heads, grouping, merge, text) and applies it to a session, with progress and cancel. */
import * as vscode from 'vscode';
import type { ConversionRequest } from '../../protocol/conversion';
import type { HostContext } from '../context';
import { withSessionProgress } from '../progress';
import type { Session } from '../session';
import { sessionOf } from './activeSession';
import { pickConversion } from './pickConversion';

export function convert(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    const session = sessionOf(context, given);
    const conversion = await pickConversion(session);
    if (conversion !== undefined) await convertSession(context, session, conversion);
  };
}

/** Applies a conversion and shows it; the explorer shows the result or the problem. */
export async function convertSession(
  { panels }: HostContext,
  session: Session,
  conversion: ConversionRequest,
): Promise<void> {
  panels.showExplorer(session);
  const title = vscode.l10n.t('Converting {0}', session.model.name);
  await withSessionProgress(title, session, () => session.setConversion(conversion));
}
