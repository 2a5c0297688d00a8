/** What the panels say about the GPU, in words, from what the engine found out. */
import * as vscode from 'vscode';
import type { GpuDiagnostics } from '../protocol/gpu';
import type { GpuState } from '../protocol/views';

export function toGpuState(diagnostics: GpuDiagnostics): GpuState {
  const { available, adapter, hint } = diagnostics;
  if (!available || adapter === null) {
    const message = vscode.l10n.t(
      'No GPU adapter was found: nothing can be run, but the checkpoint and the similarity of its weights can be looked at.',
    );
    return { available: false, adapter: '', isSoftware: false, message, command: hint };
  }
  const name = adapter.description || adapter.device || adapter.vendor;
  const message = adapter.isSoftware
    ? vscode.l10n.t('{0} computes on the CPU: results are the same, runs take longer.', name)
    : name;
  return { available: true, adapter: name, isSoftware: adapter.isSoftware, message, command: null };
}
