/** Asks what to sweep, and shows the sweep of the active checkpoint: rows appear as they are finished. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { recommendedMethod, type MethodInfo } from '../../protocol/methods';
import type { SweepRequest, SweepText } from '../../protocol/sweep';
import type { HostContext } from '../context';
import { parseInput } from '../../protocol/defaults';
import { formatBytes, formatChange } from '../format';
import { withDelayedProgress } from '../progress';
import type { Session } from '../session';
import { activeSession } from './activeSession';

/** Windows of text that differences of a hundredth show on, and that a software adapter still measures in a minute. */
const usualWindows = 8;
/** Tokens whose decoding is timed for a row. */
const timedTokens = 16;
/** Tokens that methods are solved on, where the user names a text. */
const calibrationTokens = 8192;
/** Open texts that are offered. */
const mostOpenTexts = 6;

export function sweep(context: HostContext) {
  return async (): Promise<void> => {
    const session = activeSession(context);
    const request = await pickRequest(session, context.extension.globalStorageUri.fsPath);
    if (request === undefined) return;
    const title = vscode.l10n.t('Reading the text');
    const plan = await withDelayedProgress(title, (options) => session.planSweep(request, options));
    await context.sweeps.show(plan);
  };
}

/** Undefined when the user leaves it. Questions with one answer are not asked. */
async function pickRequest(session: Session, storage: string): Promise<SweepRequest | undefined> {
  const { registries, conversion } = session;
  const named = registries.groupings.filter(({ needsAssignment }) => needsAssignment !== true);
  const groups = await pickGroups(session);
  if (!groups) return undefined;
  const groupings = await pickMethods(vscode.l10n.t('Which heads share'), named, [conversion.grouping]);
  if (!groupings) return undefined;
  const [paper] = registries.merges;
  const usual = [paper?.id ?? '', recommendedMethod(registries.merges, false).id, conversion.merge];
  const merges = await pickMethods(vscode.l10n.t('How their KV heads are merged'), registries.merges, usual);
  if (!merges) return undefined;
  const text = await pickText(session, storage);
  if (!text) return undefined;
  const chosen = [...registries.merges, ...named].filter(({ id }) => merges.includes(id) || groupings.includes(id));
  const calibration = chosen.some(({ needsText }) => needsText === true) ? await pickCalibration(storage) : null;
  if (calibration === undefined) return undefined;
  const timed = await pickTiming();
  if (timed === undefined) return undefined;
  return { text, groups, groupings, merges, timedTokens: timed, ...(calibration === null ? {} : { calibration }) };
}

async function pickGroups({ model }: Session): Promise<number[] | undefined> {
  const items = model.groupChoices
    .filter((G) => G !== model.G)
    .map((G) => {
      const bytes = (model.kvCacheBytesPerToken * G) / model.G;
      return {
        G,
        label: G === 1 ? vscode.l10n.t('1 KV group') : vscode.l10n.t('{0} KV groups', G),
        description: `${vscode.l10n.t('cache {0} a token', formatBytes(bytes))} · ${formatChange(model.kvCacheBytesPerToken, bytes)}`,
        picked: true,
      };
    });
  const title = vscode.l10n.t('Sweep {0}: numbers of KV groups', model.name);
  const placeHolder = vscode.l10n.t('The checkpoint as it is, with {0} KV heads, is always measured', model.G);
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder,
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return picked && picked.length > 0 ? picked.map(({ G }) => G) : undefined;
}

async function pickMethods(
  title: string,
  methods: readonly MethodInfo[],
  usual: readonly string[],
): Promise<string[] | undefined> {
  if (methods.length < 2) return methods.map(({ id }) => id);
  const items = methods.map(({ id, title: label, description, source, needsText }) => ({
    id,
    label,
    description: needsText === true ? vscode.l10n.t('solved on a text') : '',
    detail: `${description} (${source})`,
    picked: usual.includes(id),
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title,
    canPickMany: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return picked && picked.length > 0 ? picked.map(({ id }) => id) : undefined;
}

/** A text and how much of it; the token ids of the panel for a checkpoint without a tokenizer. */
async function pickText(session: Session, storage: string): Promise<SweepText | undefined> {
  if (!session.model.hasTokenizer) {
    const input = parseInput(session.text, session.model);
    return { kind: 'tokens', windows: [input.kind === 'ids' ? input.ids : []] };
  }
  const file = await pickFile(vscode.l10n.t('Text that quality is measured on'), storage);
  if (file === undefined) return undefined;
  const windows = await vscode.window.showInputBox({
    title: vscode.l10n.t('How many windows of the text'),
    prompt: vscode.l10n.t(
      '512 tokens each, or what the model takes. More windows tell smaller differences and take longer.',
    ),
    value: String(usualWindows),
    ignoreFocusOut: true,
    validateInput: (value) =>
      /^[1-9]\d*$/.test(value.trim()) ? undefined : vscode.l10n.t('Enter a whole number of at least 1.'),
  });
  return windows === undefined ? undefined : { kind: 'file', file, windows: Number(windows), windowSize: null };
}

async function pickCalibration(storage: string): Promise<SweepRequest['calibration'] | null> {
  const file = await pickFile(vscode.l10n.t('Text that methods are solved on'), storage);
  return file === undefined ? undefined : file === null ? null : { file, tokens: calibrationTokens };
}

async function pickTiming(): Promise<number | undefined> {
  const items = [
    { label: vscode.l10n.t('Quality, KV cache and parameters'), tokens: 0 },
    {
      label: vscode.l10n.t('The same, and the time to decode a token'),
      description: vscode.l10n.t('{0} tokens a row', timedTokens),
      tokens: timedTokens,
    },
  ];
  return (await vscode.window.showQuickPick(items, { title: vscode.l10n.t('What is measured'), ignoreFocusOut: true }))
    ?.tokens;
}

/** The texts that are open in tabs, the one in front first. */
function openTexts(): vscode.Uri[] {
  const front = (vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0])?.document.uri;
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri] : []));
  const texts = [...(front ? [front] : []), ...tabs].filter(({ scheme }) => scheme === 'file' || scheme === 'untitled');
  return [...new Map(texts.map((uri) => [uri.toString(), uri])).values()].slice(0, mostOpenTexts);
}

/** The path of an open text; one that is not on the disk as it stands is copied into the extension's storage. */
async function pathOf(uri: vscode.Uri, storage: string): Promise<string> {
  const document = await vscode.workspace.openTextDocument(uri);
  if (uri.scheme === 'file' && !document.isDirty) return uri.fsPath;
  const text = document.getText();
  const folder = join(storage, 'texts', createHash('sha256').update(text).digest('hex').slice(0, 16));
  const file = join(folder, basename(uri.fsPath));
  await mkdir(folder, { recursive: true });
  await writeFile(file, text);
  return file;
}

/** A path; null is the excerpt that comes with the extension. Undefined when the user leaves it. */
async function pickFile(title: string, storage: string): Promise<string | null | undefined> {
  const items = [
    ...openTexts().map((uri) => ({
      label: `$(edit) ${basename(uri.fsPath)}`,
      description: vscode.l10n.t('open in the editor'),
      pick: () => pathOf(uri, storage),
    })),
    {
      label: `$(book) ${vscode.l10n.t('Bundled excerpt')}`,
      description: vscode.l10n.t('English prose that comes with GQA Lens'),
      pick: () => Promise.resolve(null),
    },
    {
      label: `$(file) ${vscode.l10n.t('File…')}`,
      description: vscode.l10n.t('Plain text in UTF-8'),
      pick: async () => (await vscode.window.showOpenDialog({ title, canSelectFiles: true }))?.[0]?.fsPath,
    },
  ];
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.pick();
}
