/** Asks for a conversion: how many KV heads, which share, what they become, and on which text that is solved. */
import * as vscode from 'vscode';
import type { ConversionRequest } from '../../protocol/conversion';
import type { MethodInfo } from '../../protocol/methods';
import { formatBytes, formatChange } from '../format';
import type { Session } from '../session';
import { pickCalibration, textProblem } from './pickCalibration';

/** Undefined when the user leaves it. Questions with one answer are not asked. */
export async function pickConversion(session: Session): Promise<ConversionRequest | undefined> {
  const { conversion: current, model, registries } = session;
  const G = await pickG(session);
  if (G === undefined) return undefined;
  if (G === model.G) return { ...current, G };
  const grouping = await pickMethod(
    session,
    vscode.l10n.t('Which heads share'),
    registries.groupings.filter(({ needsAssignment }) => needsAssignment !== true),
    current.grouping,
  );
  if (grouping === undefined) return undefined;
  const merge = await pickMethod(
    session,
    vscode.l10n.t('What a shared head becomes'),
    registries.merges,
    current.merge,
  );
  if (merge === undefined) return undefined;
  const chosen: ConversionRequest = { G, grouping: grouping.id, merge: merge.id };
  if (grouping.needsText !== true && merge.needsText !== true) return chosen;
  const calibration = await pickCalibration(session);
  return calibration && { ...chosen, calibration };
}

/** Asks for the number of KV heads alone; everything else stays. */
export async function pickGroups(session: Session): Promise<ConversionRequest | undefined> {
  const G = await pickG(session);
  return G === undefined ? undefined : { ...session.conversion, G };
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
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true, ignoreFocusOut: true }))?.G;
}

interface MethodItem extends vscode.QuickPickItem {
  method?: MethodInfo;
}

async function pickMethod(
  session: Session,
  title: string,
  methods: readonly MethodInfo[],
  current: string,
): Promise<MethodInfo | undefined> {
  if (methods.length < 2) return methods[0];
  const item = (method: MethodInfo): MethodItem => {
    // Rows are too narrow for a whole description: what it costs and promises stands beside the title.
    const [what, ...promise] = method.description.split(/(?<=\.) /);
    const notes = [
      method.recommended === true ? vscode.l10n.t('recommended') : '',
      method.id === current ? vscode.l10n.t('current') : '',
      promise.join(' '),
    ];
    return {
      method,
      label: method.title,
      description: notes.filter((note) => note !== '').join(' · '),
      ...(what === undefined ? {} : { detail: what }),
    };
  };
  const separator = (label: string): MethodItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const onWeights = methods.filter(({ needsText }) => needsText !== true).map(item);
  const onText = methods.filter(({ needsText }) => needsText === true).map(item);
  const problem = textProblem(session);
  const items =
    onText.length === 0 || problem !== null
      ? onWeights
      : [
          separator(vscode.l10n.t('Needs no text')),
          ...onWeights,
          separator(vscode.l10n.t('Solved on a text')),
          ...onText,
        ];
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    matchOnDescription: true,
    ignoreFocusOut: true,
    matchOnDetail: true,
    ...(onText.length > 0 && problem !== null ? { placeHolder: problem } : {}),
  });
  return chosen?.method;
}
