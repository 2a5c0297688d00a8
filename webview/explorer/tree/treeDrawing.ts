/**
 * What surrounds the branches of the tree of likeness: the axis of heights, the cut, and the leaves with their names.
 * Role: sizes and drawing. Branches, which are pressed, are dendrogram.ts; where they stand is treeLayout.ts.
 */
import { t } from '@vscode/l10n';
import type { BaseType, ScaleLinear, Selection } from 'd3';
import { formatNumber } from '../../shared/format';
import { paintGroups } from '../../shared/groupLook';
import type { LikenessTree } from './likenessTree';

export type TreeSvg = Selection<SVGSVGElement, unknown, null, undefined>;

/** Room for the numbers of the axis. */
export const LEFT = 40;
export const TOP = 14;
export const TREE = 92;
/** From the most alike joint down to the leaves. */
export const STEM = 10;
export const NAME_HEIGHT = 12;
export const NAME_WIDTH = 14;
const TICKS = 4;

/** Heights at the left, and the floor that chance reaches. */
export function drawAxis(svg: TreeSvg, y: ScaleLinear<number, number>, { floor }: LikenessTree, width: number): void {
  const ticks = y.ticks(TICKS).filter((tick) => Math.abs(y(tick) - y(floor)) >= 10);
  const lines = [
    ...ticks.map((value) => ({ value, text: String(value), isFloor: false })),
    { value: floor, text: t('floor {0}', formatNumber(floor, 2)), isFloor: true },
  ];
  const marks = svg
    .select('.axis')
    .selectAll<SVGGElement, (typeof lines)[number]>('g')
    .data(lines, ({ value, isFloor }) => `${value} ${String(isFloor)}`)
    .join((enter) => {
      const made = enter.append('g');
      made.append('line');
      made.append('text');
      return made;
    })
    .classed('floor-mark', ({ isFloor }) => isFloor)
    .attr('transform', ({ value }) => `translate(0,${y(value)})`);
  marks
    .select('line')
    .attr('x1', LEFT - 4)
    .attr('x2', width);
  marks
    .select('text')
    .attr('x', ({ isFloor }) => (isFloor ? width : LEFT - 8))
    .attr('dy', ({ isFloor }) => (isFloor ? -6 : 0))
    .text(({ text }) => text);
}

/** Where as many branches as groups are cut; null where there is no such height. */
export function drawCut(
  svg: TreeSvg,
  height: number | null,
  G: number,
  y: (height: number) => number,
  width: number,
): void {
  const cut = svg
    .select('.cut')
    .selectAll<SVGGElement, number>('g')
    .data(height === null ? [] : [height])
    .join((enter) => {
      const made = enter.append('g').attr('data-testid', 'tree-cut-line');
      made.append('line').attr('x1', LEFT);
      made.append('text');
      return made;
    })
    .attr('data-height', (own) => own)
    .attr('transform', (own) => `translate(0,${y(own)})`);
  cut.select('line').attr('x2', width);
  cut
    .select('text')
    .attr('x', LEFT)
    .attr('y', -7)
    .text((own) => t('{0} groups: cut at {1}', G, formatNumber(own, 3)));
}

/**
 * The leaves in their order, each a tick with the number of its head, in the colour of its group.
 * @param place at: a leaf's x; pitch from leaf to leaf; bottom: their y; nameRows that numbers take turns in, where they are close
 * @returns the leaves, for what is done to them
 */
export function drawLeaves(
  svg: TreeSvg,
  leaves: readonly number[],
  groups: readonly number[],
  { at, pitch, bottom, nameRows }: { at: (leaf: number) => number; pitch: number; bottom: number; nameRows: number },
): Selection<SVGGElement, number, BaseType, unknown> {
  const drawn = svg
    .select('.leaves')
    .selectAll<SVGGElement, number>('.leaf')
    .data(leaves, (leaf) => leaf)
    .join((enter) => {
      const made = enter.append('g').attr('class', 'leaf').attr('data-testid', 'tree-leaf');
      made.append('line').attr('y1', -3).attr('y2', 3);
      made.append('rect').attr('y', -STEM);
      made.append('text');
      return made;
    })
    .attr('data-head', (leaf) => leaf)
    .attr('transform', (leaf) => `translate(${at(leaf)},${bottom})`)
    .call(paintGroups, (leaf: number) => groups[leaf] ?? 0);
  drawn
    .select('rect')
    .attr('x', -pitch / 2)
    .attr('width', pitch)
    .attr('height', STEM + NAME_HEIGHT * nameRows);
  drawn
    .select('text')
    .attr('y', (_, place) => 9 + NAME_HEIGHT * (place % nameRows))
    .text((leaf) => leaf);
  return drawn;
}
