/**
 * Words for tokens and which of them have room on an axis. Pure; drawing is tokenAxis.ts and textStrip.ts.
 */

import { t } from '@vscode/l10n';
import type { ModelSummary } from '../../src/protocol/model';

/** Characters that a reader could not see, and what stands for them. */
const VISIBLE: readonly (readonly [RegExp, string])[] = [
  [/ /g, '·'],
  [/\r?\n/g, '⏎'],
  [/\t/g, '⇥'],
];

/** A token's text with its whitespace made visible; an empty token becomes "∅". */
export function tokenLabel(text: string): string {
  const label = VISIBLE.reduce((shown, [pattern, symbol]) => shown.replace(pattern, symbol), text);
  return label === '' ? '∅' : label;
}

/** The label cut to `length` characters, with an ellipsis when something was cut. */
export function shortLabel(text: string, length: number): string {
  const characters = Array.from(tokenLabel(text));
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length - 1).join('')}…`;
}

/** Scripts whose letters are as wide as they are high. */
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/gu;

/** About how many pixels a label takes, rather more. @param letter pixels of a Latin letter, and of what stands before the first */
export function labelWidth(text: string, { width, before }: { width: number; before: number }): number {
  return before + width * (Array.from(text).length + (text.match(WIDE)?.length ?? 0));
}

/** What a layer is called: "layer 3", "decoder 3 · cross". The engine says so too (LayerView.title), but in English alone. */
export function layerTitle({ layers }: Pick<ModelSummary, 'layers'>, layer: number): string {
  const known = layers[layer];
  const [, block] = known?.name.split('.') ?? [];
  if (known === undefined || block === undefined) return t('layer {0}', layer);
  if (known.stack === 'encoder') return t('encoder {0}', block);
  return known.attention === 'cross' ? t('decoder {0} · cross', block) : t('decoder {0} · self', block);
}

/** Characters of the longest of some labels. */
export function longest(labels: readonly string[]): number {
  return Math.max(0, ...labels.map(({ length }) => length));
}

/** The first letter large. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Which labels of an axis have room: every n-th, the smallest n that keeps them apart.
 * @param count number of places
 * @param spacing pixels between neighbours
 * @param minimum pixels that a label needs
 * @param before pixels that the first label needs from where the axis begins to the middle of its place
 */
export function visibleLabels(count: number, spacing: number, minimum: number, before = 0): number[] {
  if (count === 0 || spacing <= 0) return [];
  const step = Math.max(1, Math.ceil(minimum / spacing - 1e-6));
  const first = Math.max(0, Math.ceil(before / spacing - 0.5 - 1e-6));
  return Array.from({ length: Math.max(0, Math.ceil((count - first) / step)) }, (_, place) => first + place * step);
}
