/**
 * Writes a session's conversion as a folder that Hugging Face transformers loads: asks where, in which type and format, and
 * before anything is replaced.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { ExportDtype, ExportFormat, ExportSummary } from '../../protocol/exports';
import type { HostContext } from '../context';
import { formatBytes } from '../format';
import { withDelayedProgress } from '../progress';
import { reportError } from '../reportError';
import type { Session } from '../session';
import { sessionOf } from './activeSession';
import { convertSession } from './convert';
import { openPath } from './openCheckpoint';
import { pickConversion } from './pickConversion';

/** What a keybinding or a task may give beforehand: such questions are not asked. */
interface Answers {
  folder?: string;
  /** null: as stored. */
  dtype?: ExportDtype | null;
  format?: ExportFormat;
  overwrite?: boolean;
}

const dtypes: readonly { dtype: ExportDtype; stored: string; bytes: number }[] = [
  { dtype: 'f32', stored: 'F32', bytes: 4 },
  { dtype: 'bf16', stored: 'BF16', bytes: 2 },
  { dtype: 'f16', stored: 'F16', bytes: 2 },
];

export function exportConversion(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    const session = sessionOf(context, given);
    const answers = readAnswers(given);
    if (!session.converts) {
      const conversion = await pickConversion(session);
      if (conversion === undefined || conversion.G === session.model.G) return;
      await convertSession(context, session, conversion);
      if (session.problem !== null) return;
    }
    const folder = answers.folder ?? (await pickFolder(session));
    if (folder === undefined) return;
    const overwrite = answers.overwrite ?? (await mayWrite(folder));
    if (overwrite === undefined) return;
    const dtype = answers.dtype === undefined ? await pickDtype(session) : answers.dtype;
    if (dtype === undefined) return;
    const format = answers.format ?? (await pickFormat(session));
    if (format === undefined) return;
    const title = vscode.l10n.t('Exporting {0}', basename(folder));
    const written = await withDelayedProgress(title, (options) =>
      session.exportConversion({ folder, overwrite, dtype, format }, options),
    );
    // The command is done; the message may stand for as long as it likes.
    tell(context, written).catch((error: unknown) => reportError(error));
  };
}

function readAnswers(given: unknown): Answers {
  if (typeof given !== 'object' || given === null) return {};
  const { folder, dtype, format, overwrite } = given as Record<string, unknown>;
  const knownDtype = dtype === null ? { dtype } : dtypes.find((choice) => choice.dtype === dtype);
  return {
    ...(typeof folder === 'string' ? { folder } : {}),
    ...(knownDtype === undefined ? {} : { dtype: knownDtype.dtype }),
    ...(format === 'same' || format === 'equivalent' ? { format } : {}),
    ...(typeof overwrite === 'boolean' ? { overwrite } : {}),
  };
}

/** Asks for the parent folder, then for the name. Undefined when the user leaves it. */
async function pickFolder({ model, conversion }: Session): Promise<string | undefined> {
  const parent = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    title: vscode.l10n.t('Where the folder of the converted checkpoint goes'),
    openLabel: vscode.l10n.t('Export Here'),
  });
  const place = parent?.[0]?.fsPath;
  if (place === undefined) return undefined;
  const name = await vscode.window.showInputBox({
    ignoreFocusOut: true,
    title: vscode.l10n.t('Name of the folder in {0}', place),
    value: `${model.name.replace(/\.(?:safetensors|gguf)$/i, '')}-${conversion.G === 1 ? 'mqa' : `gqa${conversion.G}`}`,
    validateInput: (value) =>
      value.trim() === '' || /[\\/]/.test(value) || /^\.+$/.test(value.trim())
        ? vscode.l10n.t('Enter the name of one folder.')
        : undefined,
  });
  return name === undefined ? undefined : join(place, name.trim());
}

/** Whether what lies at the folder may be replaced; false where nothing does, undefined when the user says no. */
async function mayWrite(folder: string): Promise<boolean | undefined> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return false;
  const replace = vscode.l10n.t('Replace');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('{0} is there already.', folder),
    {
      modal: true,
      detail: vscode.l10n.t(
        'A checkpoint in it is replaced once the new one is complete. Anything else is never replaced.',
      ),
    },
    replace,
  );
  return answer === replace ? true : undefined;
}

async function pickDtype({ model }: Session): Promise<ExportDtype | null | undefined> {
  const asStored = {
    dtype: null,
    label: vscode.l10n.t('As stored'),
    description: Object.keys(model.dtypes).join(', '),
    detail: vscode.l10n.t('Weights that the conversion leaves alone are copied byte for byte.'),
  };
  const others = dtypes
    .filter(({ stored }) => stored !== model.dtype)
    .map(({ dtype, bytes }) => ({
      dtype,
      label: dtype,
      description: vscode.l10n.t('about {0}', formatBytes(model.parameters * bytes)),
    }));
  const title = vscode.l10n.t('In which type the weights are stored');
  return (await vscode.window.showQuickPick([asStored, ...others], { title, ignoreFocusOut: true }))?.dtype;
}

async function pickFormat(session: Session): Promise<ExportFormat | undefined> {
  const choices = await session.exportFormats();
  if (choices.length < 2) return choices[0]?.format ?? 'same';
  const items = choices.map(({ format, title, description }) => ({ format, label: title, detail: description }));
  const title = vscode.l10n.t('In which format it is written');
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.format;
}

async function tell(context: HostContext, { folder, notes }: ExportSummary): Promise<void> {
  const open = vscode.l10n.t('Open in GQA Lens');
  const show = vscode.l10n.t('Open Folder');
  const message = [vscode.l10n.t('The converted checkpoint is in {0}.', folder), ...notes].join(' ');
  const chosen = await vscode.window.showInformationMessage(message, open, show);
  if (chosen === open) await openPath(context, folder);
  if (chosen === show) {
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceNewWindow: true });
  }
}
