/**
 * "Compare Assignments as Text": the heads of both sides of a comparison as read-only documents in the editor's own diff.
 * A document's address says what it is of, so that it can be written again after a window reload.
 */
import * as vscode from 'vscode';
import { GqaLensError } from '../protocol/errors';
import type { SideView } from '../protocol/sides';
import { assignmentText } from './assignmentText';
import { isRecord, readConversion } from './panels/persisted';
import type { Session } from './session';
import type { Sessions } from './sessions';

const scheme = 'gqa-lens-assignment';

export class AssignmentDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  constructor(private readonly sessions: Sessions) {}

  /** Opens the diff of what the session's comparison shows. */
  async show({ path, comparison }: Session): Promise<void> {
    const { a, b } = comparison.views;
    const title = vscode.l10n.t('{0} ↔ {1}: KV heads', a.name, b.name);
    await vscode.commands.executeCommand('vscode.diff', addressOf(a, path), addressOf(b, path), title);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { path, conversion, name } = readAddress(uri);
    const session = await this.sessions.borrow(path);
    try {
      return assignmentText(name, session.model.layers, await session.groupingOf(conversion));
    } finally {
      this.sessions.giveBack(session);
    }
  }

  dispose(): void {
    this.registration.dispose();
  }
}

/** @param opened path of the checkpoint that the comparison is of */
function addressOf({ side, conversion, name }: SideView, opened: string): vscode.Uri {
  const path = side.kind === 'checkpoint' ? side.path : opened;
  const file = `${name.replace(/[\\/]/g, ' ')}.txt`;
  return vscode.Uri.from({ scheme, path: `/${file}`, query: JSON.stringify({ path, conversion, name }) });
}

function readAddress({ query }: vscode.Uri) {
  const read: unknown = JSON.parse(query);
  if (isRecord(read) && typeof read.path === 'string' && typeof read.name === 'string') {
    return { path: read.path, name: read.name, conversion: readConversion(read.conversion) };
  }
  throw new GqaLensError('input-invalid', 'This address names no assignment', {
    found: query,
    next: 'Run "GQA Lens: Compare Assignments as Text" again.',
  });
}
