/** What of a figure a context menu was opened on. */
import type { FigureContext } from '../../src/protocol/figures';

/** The group, the head and the token that an element is of, as its figure marked it. */
export function placeContext(at: Element): Partial<FigureContext> {
  const find = (name: string): number | null => {
    const value = at.closest(`[data-${name}]`)?.getAttribute(`data-${name}`) ?? '';
    return /^\d+$/.test(value) ? Number(value) : null;
  };
  const [group, head, token] = [find('group'), find('head'), find('token')];
  return {
    ...{ gqaLensGroup: group, gqaLensHasGroup: group !== null },
    ...{ gqaLensHead: head, gqaLensHasHead: head !== null },
    ...{ gqaLensToken: token, gqaLensHasToken: token !== null },
  };
}
