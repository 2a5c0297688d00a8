/** What the user chose, and the same read back from what the editor kept, which may be damaged or of an older version. Pure. */
import type { StructureColumn, StructureUi } from '../../src/protocol/structureView';

export const columns: readonly StructureColumn[] = ['name', 'dtype', 'shape', 'bytes', 'role'];

export const usualUi: StructureUi = {
  filter: '',
  dtype: '',
  sortBy: 'name',
  sortDescending: false,
  grouped: true,
  folded: false,
  foldedOtherwise: [],
  selected: '',
  scrollTop: 0,
};

/** The usual choices with every stored one that has the right form. */
export function restoreUi(stored: unknown): StructureUi {
  if (typeof stored !== 'object' || stored === null) return { ...usualUi };
  const given = stored as Partial<Record<keyof StructureUi, unknown>>;
  const text = (value: unknown, usual: string): string => (typeof value === 'string' ? value : usual);
  const flag = (value: unknown, usual: boolean): boolean => (typeof value === 'boolean' ? value : usual);
  const { foldedOtherwise, scrollTop } = given;
  return {
    filter: text(given.filter, usualUi.filter),
    dtype: text(given.dtype, usualUi.dtype),
    sortBy: columns.find((column) => column === given.sortBy) ?? usualUi.sortBy,
    sortDescending: flag(given.sortDescending, usualUi.sortDescending),
    grouped: flag(given.grouped, usualUi.grouped),
    folded: flag(given.folded, usualUi.folded),
    foldedOtherwise: Array.isArray(foldedOtherwise)
      ? foldedOtherwise.filter((name): name is string => typeof name === 'string')
      : [],
    selected: text(given.selected, usualUi.selected),
    scrollTop: typeof scrollTop === 'number' && scrollTop > 0 ? scrollTop : 0,
  };
}
