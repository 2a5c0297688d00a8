/**
 * Moving through the overview by keyboard, as in every grid: arrows by a cell, Home and End within the row, with Ctrl to the
 * first and last row, pages by rows. Pure: from a key to the place it leads to.
 */

/** A cell: its row, in the order shown, and its group; null is the row's name, which stands for all groups. */
export interface CellPlace {
  row: number;
  group: number | null;
}

/** Rows that a page key moves by. */
const PAGE = 8;

/**
 * @param groupsOf groups that can be chosen in a row
 * @returns null for keys that do not move
 */
export function placeAfter(
  { key, ctrlKey }: { key: string; ctrlKey: boolean },
  { row, group }: CellPlace,
  rows: number,
  groupsOf: (row: number) => number,
): CellPlace | null {
  const to = (newRow: number, newGroup: number | null): CellPlace => {
    const bounded = Math.min(rows - 1, Math.max(0, newRow));
    const within = Math.min(groupsOf(bounded) - 1, newGroup ?? -1);
    return { row: bounded, group: within < 0 ? null : within };
  };
  switch (key) {
    case 'ArrowUp':
      return to(row - 1, group);
    case 'ArrowDown':
      return to(row + 1, group);
    case 'PageUp':
      return to(row - PAGE, group);
    case 'PageDown':
      return to(row + PAGE, group);
    case 'ArrowLeft':
      return to(row, (group ?? 0) - 1);
    case 'ArrowRight':
      return to(row, group === null ? 0 : group + 1);
    case 'Home':
      return to(ctrlKey ? 0 : row, null);
    case 'End':
      return to(ctrlKey ? rows - 1 : row, Infinity);
    default:
      return null;
  }
}
