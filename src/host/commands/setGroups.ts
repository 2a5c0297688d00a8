/** Asks for the number of KV groups, the grouping and the merge, and applies them to the active session. */
import * as vscode from 'vscode';
import type { ConversionRequest, MethodInfo } from '../../protocol/model';
import type { HostContext } from '../context';
import { formatBytes, formatChange } from '../format';
import type { Session } from '../session';
import { activeSession } from './activeSession';

export function setGroups(context: HostContext) {
  return async (): Promise<void> => {
    const session = activeSession(context);
    const conversion = await pickConversion(session);
    if (conversion === undefined) return;
    context.panels.showExplorer(session);
    await session.setConversion(conversion);
  };
}

/** Undefined when the user leaves it. Questions with one answer are not asked. */
export async function pickConversion(session: Session): Promise<ConversionRequest | undefined> {
  const G = await pickG(session);
  if (G === undefined) return undefined;
  if (G === session.model.G) return { ...session.conversion, G };
  const { merges } = session.registries;
  const groupings = session.registries.groupings.filter(({ needsAssignment }) => needsAssignment !== true);
  const grouping = await pickMethod(vscode.l10n.t('Which heads share'), groupings, session.conversion.grouping);
  if (grouping === undefined) return undefined;
  const merge = await pickMethod(vscode.l10n.t('How their KV heads are merged'), merges, session.conversion.merge);
  return merge === undefined ? undefined : { G, grouping, merge };
}

async function pickG({ model, conversion }: Session): Promise<number | undefined> {
  const items = model.groupChoices.map((G) => {
    const bytes = (model.kvCacheBytesPerToken * G) / model.G;
    const change = formatChange(model.kvCacheBytesPerToken, bytes);
    const notes = [
      G === model.G ? vscode.l10n.t('as opened') : change,
      G === conversion.G ? vscode.l10n.t('current') : '',
    ];
    return {
      G,
      label: G === 1 ? vscode.l10n.t('1 KV group') : vscode.l10n.t('{0} KV groups', G),
      description: [vscode.l10n.t('cache {0} a token', formatBytes(bytes)), ...notes]
        .filter((note) => note !== '')
        .join(' · '),
    };
  });
  const title = vscode.l10n.t('Number of KV groups for {0} query heads', model.H);
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.G;
}

async function pickMethod(title: string, methods: readonly MethodInfo[], current: string): Promise<string | undefined> {
  if (methods.length < 2) return methods[0]?.id ?? current;
  const items = methods.map((method) => ({
    id: method.id,
    label: method.title,
    description: method.id === current ? vscode.l10n.t('current') : '',
    detail: `${method.description} (${method.source})`,
  }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDetail: true }))?.id;
}
