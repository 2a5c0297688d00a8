/**
 * What a webview left behind with setState, read back after a window reload. The stored value may be of an older
 * version or damaged: everything in it is checked, and what does not fit is left to the defaults.
 */
import type { ConversionRequest } from '../../protocol/model';
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
  const { modelPath, text, decoderText, conversion, ui } = stored.state;
  if (typeof modelPath !== 'string' || typeof text !== 'string' || !isConversion(conversion)) return null;
  return {
    modelPath,
    text,
    decoderText: typeof decoderText === 'string' ? decoderText : '',
    conversion,
    ui: isRecord(ui) ? ui : {},
  };
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

function isConversion(value: unknown): value is ConversionRequest {
  return (
    isRecord(value) &&
    typeof value.G === 'number' &&
    typeof value.grouping === 'string' &&
    typeof value.merge === 'string' &&
    (value.assignment === undefined || isAssignment(value.assignment))
  );
}

function isAssignment(value: unknown): value is number[][] {
  return (
    Array.isArray(value) &&
    value.every((groups) => Array.isArray(groups) && groups.every((group) => typeof group === 'number'))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
