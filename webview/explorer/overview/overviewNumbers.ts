/**
 * The numbers of the overview: of groups and layers from those of heads, and the order of layers by them. Pure.
 */
import type { LayerOrder } from '../../../src/protocol/explorerView';
import type { HeadNumbers } from './statistics';

/** Mean of some heads' numbers; null when none of them has one. */
export function meanOf({ values, groups }: HeadNumbers, group: number | null): number | null {
  const own = Array.from(values).filter((_, head) => group === null || groups[head] === group);
  const known = own.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The largest or smallest of the groups' means; null when no group has one. */
export function extremeGroup(numbers: HeadNumbers, which: 'largest' | 'smallest'): number | null {
  const means = [...new Set(numbers.groups)].map((group) => meanOf(numbers, group)).filter((mean) => mean !== null);
  if (means.length === 0) return null;
  return which === 'largest' ? Math.max(...means) : Math.min(...means);
}

/**
 * What a layer is ordered by; null where that is not known.
 * @param good which end is good; the worst group is at the other one, the largest where neither is
 */
export function orderValue(
  numbers: HeadNumbers | null,
  order: Exclude<LayerOrder, 'number'>,
  good: 'high' | 'low' | null,
): number | null {
  if (numbers === null) return null;
  return order === 'mean' ? meanOf(numbers, null) : extremeGroup(numbers, good === 'high' ? 'smallest' : 'largest');
}

/**
 * Layers in order of their values. Those without a value stand last, by number, whichever way the order runs.
 * @param values [L]
 */
export function orderedLayers(values: readonly (number | null)[], descending: boolean): number[] {
  const known = values.flatMap((value, layer) => (value === null ? [] : [{ value, layer }]));
  known.sort((a, b) => (descending ? b.value - a.value : a.value - b.value) || a.layer - b.layer);
  const unknown = values.flatMap((value, layer) => (value === null ? [layer] : []));
  return [...known.map(({ layer }) => layer), ...unknown];
}
