/**
 * Drawing of the assignment figure: links, the checkpoint's KV heads, boxes of groups, circles of query heads.
 * Role: from places (assignmentLayout.ts) to elements with their words, on d3's joins. What is dimmed or marked is
 * assignmentMarks.ts; who listens to the elements is assignment.ts.
 */
import { t } from '@vscode/l10n';
import type { Selection } from 'd3';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import { formatNumber } from '../../shared/format';
import { GROUP_COLORS, paintGroups } from '../../shared/groupLook';
import { describeHeads } from '../../shared/headOrder';
import type { GroupPlace, HeadPlace, SourcePlace } from './assignmentLayout';

/** Pixels of a letter in a group's box, on average. */
const LETTER_WIDTH = 6.8;

export type AssignmentSvg = Selection<SVGSVGElement, unknown, null, undefined>;
export type HeadNodes = Selection<SVGGElement, HeadPlace, SVGGElement, unknown>;
export type GroupNodes = Selection<SVGGElement, GroupPlace, SVGGElement, unknown>;

/** Makes the layers that the parts are drawn in, the lowest first. */
export function addLayers(svg: AssignmentSvg): void {
  for (const layer of ['links', 'sources', 'groups', 'heads']) svg.append('g').attr('class', layer);
}

/** @param width stroke width of a head's link in pixels; null: as usual */
export function drawLinks(
  svg: AssignmentSvg,
  heads: HeadPlace[],
  sources: SourcePlace[],
  width: (head: number) => number | null,
): void {
  const links = svg.select<SVGGElement>('g.links');
  links
    .selectAll<SVGPathElement, HeadPlace>('path.head-link')
    .data(heads, (item) => item.head)
    .join('path')
    .attr('class', 'head-link')
    .attr('data-testid', 'head-link')
    .attr('data-head', (item) => item.head)
    .attr('data-group', (item) => item.group)
    .call(paintGroups, groupOf)
    .style('stroke-width', (item) => width(item.head))
    .attr('d', (item) => item.link);
  links
    .selectAll<SVGPathElement, SourcePlace>('path.source-link')
    .data(sources, (item) => item.kvHead)
    .join('path')
    .attr('class', 'source-link')
    .attr('data-group', (item) => item.group)
    .call(paintGroups, groupOf)
    .attr('d', (item) => item.link);
}

/**
 * @param isPooled the groups' KV heads are not those of the checkpoint
 * @returns a node a group, to listen to
 */
export function drawGroups(svg: AssignmentSvg, groups: GroupPlace[], isPooled: boolean): GroupNodes {
  const boxes = svg
    .select<SVGGElement>('g.groups')
    .selectAll<SVGGElement, GroupPlace>('g.kv-group')
    .data(groups, (item) => item.group)
    .join((enter) => {
      const made = enter.append('g').attr('class', 'kv-group').attr('role', 'button').attr('tabindex', 0);
      made.append('rect').attr('rx', 6);
      made.append('rect').attr('class', 'ring').attr('x', 2.5).attr('y', 2.5).attr('rx', 4);
      made.append('text');
      made.append('title');
      return made;
    })
    .attr('data-testid', 'kv-group')
    .attr('data-group', (item) => item.group)
    .attr('transform', (item) => `translate(${item.x},${item.y})`)
    .call(paintGroups, groupOf);
  boxes
    .select('rect')
    .attr('width', (item) => item.width)
    .attr('height', (item) => item.height);
  boxes
    .select('.ring')
    .attr('width', (item) => item.width - 5)
    .attr('height', (item) => item.height - 5)
    .attr('visibility', ({ group }) => (group < GROUP_COLORS ? 'hidden' : null));
  boxes
    .select('text')
    .attr('x', (item) => item.width / 2)
    .attr('y', (item) => item.height / 2)
    .classed('small', ({ width }) => width < 46)
    .text(boxLabel);
  boxes
    .select('title')
    .text((item) =>
      isPooled
        ? t('KV head {0} (pooled), read by query heads {1}', item.group, describeHeads(item.heads))
        : t('KV head {0}, read by query heads {1}', item.group, describeHeads(item.heads)),
    );
  return boxes;
}

/** The KV heads of the checkpoint between query heads and groups. */
export function drawSources(svg: AssignmentSvg, sources: SourcePlace[]): void {
  const nodes = svg
    .select('g.sources')
    .selectAll<SVGGElement, SourcePlace>('g.source')
    .data(sources, (item) => item.kvHead)
    .join((enter) => {
      const made = enter.append('g').attr('class', 'source');
      made.append('rect').attr('x', -9).attr('y', -9).attr('width', 18).attr('height', 18).attr('rx', 4);
      made.append('text');
      made.append('title');
      return made;
    })
    .attr('data-group', (item) => item.group)
    .attr('transform', (item) => `translate(${item.x},${item.y})`)
    .call(paintGroups, groupOf);
  nodes.select('text').text((item) => item.kvHead);
  nodes.select('title').text((item) => t('KV head {0} of the checkpoint, pooled into KV {1}', item.kvHead, item.group));
}

/**
 * @param similarity what the number above each head is; null leaves it out
 * @returns a node a head, to listen to
 */
export function drawHeads(
  svg: AssignmentSvg,
  heads: HeadPlace[],
  { radius, similarity, isEditable }: { radius: number; similarity: SimilarityResult | null; isEditable: boolean },
): HeadNodes {
  const circles = svg
    .select<SVGGElement>('g.heads')
    .selectAll<SVGGElement, HeadPlace>('g.head')
    .data(heads, (item) => item.head)
    .join((enter) => {
      const made = enter.append('g').attr('class', 'head').attr('role', 'button').attr('tabindex', 0);
      made.append('circle');
      made.append('text').attr('class', 'name');
      made.each(separate).append('text').attr('class', 'value');
      made.each(separate).append('title');
      return made;
    })
    .attr('data-testid', 'head')
    .attr('data-head', (item) => item.head)
    .attr('data-group', (item) => item.group)
    .attr('aria-describedby', isEditable ? 'grouping-help' : null)
    .classed('movable', isEditable)
    .attr('transform', (item) => `translate(${item.x},${item.y})`)
    .call(paintGroups, groupOf);
  circles.select('circle').attr('r', radius);
  circles
    .select('.name')
    .text((item) => (radius >= 14 ? `Q${item.head}` : String(item.head)))
    .classed('small', radius < 14);
  circles
    .select('.value')
    .attr('y', -radius - 7)
    .text((item) => (similarity && radius >= 13 ? formatNumber(similarity.toPooled[item.head] ?? 0, 2) : ''));
  circles.select('title').text((item) => t('Query head {0} reads KV {1}', item.head, item.group));
  // What is seen comes first: voice control calls it by that.
  circles.attr('aria-label', function ({ head, group }) {
    const seen = Array.from(this.querySelectorAll('text'), (part) => part.textContent)
      .join(' ')
      .trim();
    return `${seen}, ${t('Query head {0} reads KV {1}', head, group)}`;
  });
  return circles;
}

/** As much as has room in a group's box. */
function boxLabel({ group, heads, width }: GroupPlace): string {
  const labels = [t('KV {0} · Q {1}', group, describeHeads(heads)), t('KV {0} · {1} heads', group, heads.length)];
  return labels.find((label) => label.length * LETTER_WIDTH + 12 <= width) ?? t('KV {0}', group);
}

const groupOf = ({ group }: { group: number }): number => group;

/** Parts two texts of an element, which would be one word otherwise. */
function separate(this: SVGGElement): void {
  this.append(' ');
}
