/**
 * The one reader of the extension's settings. It does not write settings and keeps no copy: reading is cheap.
 */
import * as vscode from 'vscode';
import type { ColorScale } from '../protocol/views';

export type AdapterChoice = 'auto' | 'high-performance' | 'low-power' | 'software';

export interface Settings {
  /** Path of the Node that runs the engine; empty: found automatically. */
  nodePath: string;
  /** Longest input of a run, in tokens. */
  maxTokens: number;
  /** Colour scale that maps begin with. */
  colorScale: ColorScale;
  adapter: AdapterChoice;
  /** GPU memory that weights may keep between runs, in MiB. */
  weightBudgetMegabytes: number;
}

const section = 'gqaLens';
const tokenLimits = { least: 2, most: 2048, usual: 512 };
const colorScales: readonly ColorScale[] = ['linear', 'sqrt', 'log'];
const adapterChoices: readonly AdapterChoice[] = ['auto', 'high-performance', 'low-power', 'software'];

/** Reads the settings as they are now. Values out of range are moved into it, so that no reader has to check. */
export function readSettings(): Settings {
  const stored = vscode.workspace.getConfiguration(section);
  const maxTokens = Math.round(stored.get<number>('maxTokens', tokenLimits.usual));
  const adapter = stored.get<string>('gpu.adapter', 'auto');
  const colorScale = stored.get<string>('maps.colorScale', 'log');
  return {
    nodePath: stored.get<string>('nodePath', '').trim(),
    maxTokens: Math.min(tokenLimits.most, Math.max(tokenLimits.least, maxTokens)),
    colorScale: colorScales.find((scale) => scale === colorScale) ?? 'log',
    adapter: adapterChoices.find((choice) => choice === adapter) ?? 'auto',
    weightBudgetMegabytes: Math.max(0, Math.round(stored.get<number>('gpu.weightBudgetMB', 2048))),
  };
}

/** Environment variables that tell the engine its settings. */
export function engineEnvironment(settings: Settings): Record<string, string> {
  return {
    GQA_LENS_ADAPTER: settings.adapter,
    GQA_LENS_WEIGHT_BUDGET_MB: String(settings.weightBudgetMegabytes),
  };
}

/** Whether a change of settings means that a running engine has to be replaced. */
export function changesEngine(change: vscode.ConfigurationChangeEvent): boolean {
  return change.affectsConfiguration(`${section}.nodePath`) || change.affectsConfiguration(`${section}.gpu`);
}
