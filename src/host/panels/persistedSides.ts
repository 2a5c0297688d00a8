/** The sides of a comparison that a webview left behind, checked like everything in persisted.ts. */
import { usualSides, type DiffSide, type DiffSides } from '../../protocol/sides';
import { isRecord, readConversion } from './persisted';

/** Sides that an older version did not know, or that are damaged, are the usual ones. */
export function readPersistedSides(stored: unknown): DiffSides {
  const state = isRecord(stored) ? stored.state : null;
  const sides = isRecord(state) ? state.sides : null;
  if (!isRecord(sides)) return usualSides;
  return { a: readSide(sides.a) ?? usualSides.a, b: readSide(sides.b) ?? usualSides.b };
}

function readSide(value: unknown): DiffSide | null {
  if (!isRecord(value)) return null;
  const { kind, path } = value;
  if (kind === 'opened' || kind === 'converted') return { kind };
  if (kind === 'checkpoint') return typeof path === 'string' ? { kind, path } : null;
  const conversion = kind === 'conversion' ? readConversion(value.conversion) : null;
  return conversion && { kind: 'conversion', conversion };
}
