/** The text of "Show GPU Diagnostics": what runs the engine, what was tried, what the GPU can do, and what to do next. */
import * as vscode from 'vscode';
import { toErrorValue } from '../protocol/errors';
import type { GpuDiagnostics, RuntimeCandidate } from '../protocol/gpu';
import type { EngineProcess } from './engineProcess';

const scheme = 'gqa-lens';
export const diagnosticsUri = vscode.Uri.from({ scheme, path: 'GPU Diagnostics.md' });

/** A read-only document that is written again each time it is asked for. */
export class DiagnosticsDocument implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  constructor(private readonly engine: EngineProcess) {}

  refresh(): void {
    this.changed.fire(diagnosticsUri);
  }

  async provideTextDocumentContent(): Promise<string> {
    try {
      const diagnostics = await this.engine.call((engine) => engine.diagnostics());
      return writeDiagnostics(diagnostics, this.engine.triedRuntimes(), this.engine.pid());
    } catch (error) {
      return lines(
        '# GQA Lens: GPU diagnostics',
        '',
        `**The engine does not run.** ${toErrorValue(error).message}`,
        ...runtimes(this.engine.triedRuntimes()),
      );
    }
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

function writeDiagnostics(gpu: GpuDiagnostics, tried: readonly RuntimeCandidate[], pid: number | undefined): string {
  const { adapter } = gpu;
  return lines(
    '# GQA Lens: GPU diagnostics',
    '',
    gpu.available && adapter !== null
      ? `**A GPU adapter works**: ${adapter.description || adapter.device}${adapter.isSoftware ? ' (software: computes on the CPU)' : ''}.`
      : '**No GPU adapter works.** Inspecting a checkpoint and comparing its weights still do.',
    ...(gpu.hint === null ? [] : ['', 'What to do:', '', '```sh', gpu.hint, '```']),
    ...runtimes(tried),
    '',
    '## Engine',
    '',
    `- Runtime: ${gpu.runtime}`,
    `- Process: ${pid ?? 'not running'}`,
    `- webgpu (dawn): ${gpu.webgpuVersion}`,
    `- Probe (4-byte write, copy, map-read): ${gpu.probeMilliseconds === null ? 'failed' : `${gpu.probeMilliseconds.toFixed(1)} ms`}`,
    '',
    '## Adapter',
    '',
    ...(adapter === null
      ? ['none']
      : Object.entries(adapter).map(([name, value]) => `- ${name}: ${String(value) || '—'}`)),
    '',
    '## Ways to an adapter that were tried',
    '',
    ...table(
      ['way', 'outcome', 'reason'],
      gpu.attempts.map(({ what, ok, reason }) => [what, ok ? 'works' : 'failed', reason]),
    ),
    '',
    '## Features',
    '',
    gpu.features.join(', ') || 'none',
    '',
    '## Limits',
    '',
    ...table(
      ['limit', 'value'],
      Object.entries(gpu.limits).map(([name, value]) => [name, String(value)]),
    ),
  );
}

function runtimes(tried: readonly RuntimeCandidate[]): string[] {
  const rows = tried.map(({ origin, path, version, ok, reason }) => [
    origin,
    path,
    version ?? '—',
    ok ? 'works' : 'refused',
    reason,
  ]);
  return [
    '',
    '## Runtimes that were tried, in order',
    '',
    ...table(['origin', 'path', 'version', 'outcome', 'reason'], rows),
  ];
}

function table(head: string[], rows: string[][]): string[] {
  if (rows.length === 0) return ['none'];
  const row = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)];
}

function lines(...text: string[]): string {
  return `${text.join('\n')}\n`;
}
