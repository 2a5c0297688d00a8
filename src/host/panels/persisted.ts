/**
 * What a webview left behind with setState, read back after a window reload. The stored value may be of an older
 * version or damaged: everything in it is checked, and what does not fit is left to the defaults.
 */
import type { CalibrationText, ConversionRequest } from '../../protocol/conversion';
import type { ViewKind } from './webviewHtml';

/** The parts of a panel's state that bring it back. `ui` is checked field by field against the defaults. */
export interface Persisted {
  modelPath: string;
  text: string;
  decoderText: string;
  conversion: ConversionRequest;
  ui: Record<string, unknown>;
}

/** Reads `{ kind, state }`; null when it is not that. */
export function readPersisted(stored: unknown, kind: ViewKind): Persisted | null {
  if (!isRecord(stored) || stored.kind !== kind || !isRecord(stored.state)) return null;
  const { modelPath, text, decoderText, ui } = stored.state;
  const conversion = readConversion(stored.state.conversion);
  if (typeof modelPath !== 'string' || typeof text !== 'string' || conversion === null) return null;
  return {
    modelPath,
    text,
    decoderText: typeof decoderText === 'string' ? decoderText : '',
    conversion,
    ui: isRecord(ui) ? ui : {},
  };
}

/** The parts of a sweep panel's state that bring it back: its rows are in a file. */
export interface PersistedSweep {
  file: string;
  ui: Record<string, unknown>;
}

/** Reads what a sweep panel left behind; null when it is not that. */
export function readPersistedSweep(stored: unknown): PersistedSweep | null {
  if (!isRecord(stored) || stored.kind !== 'sweep' || !isRecord(stored.state)) return null;
  const { file, ui } = stored.state;
  return typeof file === 'string' ? { file, ui: isRecord(ui) ? ui : {} } : null;
}

/** The defaults with every stored field that has the same type; a field that may be null takes a number too. */
export function mergeUi<Ui extends object>(defaults: Ui, stored: Record<string, unknown>): Ui {
  const entries = Object.entries(defaults).map(([name, usual]: [string, unknown]) => {
    const value = stored[name];
    const fits = usual === null ? value === null || typeof value === 'number' : typeof value === typeof usual;
    return [name, fits ? value : usual] as const;
  });
  return { ...defaults, ...Object.fromEntries(entries) };
}

/** A stored conversion with the fields that it may have; null when it is none. */
export function readConversion(value: unknown): ConversionRequest | null {
  if (!isRecord(value)) return null;
  const { G, grouping, merge, assignment, calibration } = value;
  if (typeof G !== 'number' || typeof grouping !== 'string' || typeof merge !== 'string') return null;
  return {
    G,
    grouping,
    merge,
    ...(isAssignment(assignment) ? { assignment } : {}),
    ...(isCalibration(calibration) ? { calibration } : {}),
  };
}

function isAssignment(value: unknown): value is number[][] {
  const isNumbers = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === 'number');
  return Array.isArray(value) && value.every(isNumbers);
}

function isCalibration(value: unknown): value is CalibrationText {
  return isRecord(value) && (value.file === null || typeof value.file === 'string') && typeof value.tokens === 'number';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
