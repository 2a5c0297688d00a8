/**
 * The tree of likeness over the columns of the similarity matrix, which then stand in the order of its leaves.
 * Role: drawing it, small. The one that can be pressed is in the assignment (dendrogram.ts).
 */
import { scaleLinear, type Selection } from 'd3';
import { paintGroups } from '../../shared/groupLook';
import type { LikenessTree } from '../tree/likenessTree';
import { joints } from '../tree/linkage';
import type { MatrixLayout } from './matrixLayout';
import { MARGIN } from './similarityMatrix';
import { layoutTree, type JointPlace } from '../tree/treeLayout';

/** Room that it takes. */
export const TREE_HEIGHT = 40;
/** From the most alike joint down to the leaves. */
const STEM = 6;

/**
 * @param tree null takes it away
 * @param groups [n] group of each head
 */
export function drawMatrixTree(
  svg: Selection<SVGSVGElement, unknown, null, undefined>,
  tree: LikenessTree | null,
  { offsets, cell }: Pick<MatrixLayout, 'offsets' | 'cell'>,
  groups: readonly number[],
): void {
  const places: JointPlace[] = [];
  if (tree !== null && tree.n > 1) {
    const heights = joints(tree.root).map(({ height }) => height);
    const [least, most] = [Math.min(...heights), Math.max(...heights)];
    const y = scaleLinear(tree.alike === 'high' ? [least, most] : [most, least], [2, TREE_HEIGHT - STEM]);
    const x = new Map(tree.root.leaves.map((head, place) => [head, MARGIN + (offsets[place] ?? 0) + cell / 2]));
    places.push(...layoutTree(tree.root, (head) => x.get(head) ?? 0, y, TREE_HEIGHT));
  }
  const groupOf = ({ branch }: JointPlace): number | null => {
    const group = groups[branch.leaves[0] ?? 0] ?? 0;
    return branch.leaves.every((head) => groups[head] === group) ? group : null;
  };
  svg
    .selectAll<SVGGElement, null>('g.matrix-tree')
    .data([null])
    .join('g')
    .attr('class', 'matrix-tree')
    .attr('aria-hidden', 'true')
    .selectAll<SVGPathElement, JointPlace>('path')
    .data(places)
    .join('path')
    .attr('data-testid', 'matrix-branch')
    .attr('d', ({ path }) => path)
    .classed('within', (place) => groupOf(place) !== null)
    .call(paintGroups, (place: JointPlace) => groupOf(place) ?? 0);
}
