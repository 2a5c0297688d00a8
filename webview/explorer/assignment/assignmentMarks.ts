/**
 * Marks on a drawn assignment: what is looked at, what is chosen, what a key or a drag is about to do.
 * Role: classes and ARIA states of elements that assignmentDrawing.ts has made; it makes and moves none.
 */
import { focusedGroup, focusedHead, type ExplorerView } from '../view';
import type { AssignmentSvg } from './assignmentDrawing';
import type { Intention } from './assignmentKeys';
import type { DropTarget, GroupPlace, HeadPlace } from './assignmentLayout';

/** Dims what is not looked at, and shows the chosen head and group as pressed. */
export function emphasiseAssignment(svg: AssignmentSvg, view: ExplorerView): void {
  const head = focusedHead(view);
  const group = head === null ? focusedGroup(view) : null;
  const groupOfHead = view.snapshot.grouping.groupOfHead[view.ui.layer] ?? [];
  const isOn = (item: { head?: number; group: number }) =>
    head === null
      ? group === null || item.group === group
      : item.head === undefined
        ? groupOfHead[head] === item.group
        : item.head === head;
  svg.selectAll<SVGElement, { head?: number; group: number }>('[data-group]').classed('dimmed', (item) => !isOn(item));
  svg
    .selectAll<SVGElement, HeadPlace>('g.head')
    .classed('selected', (item) => item.head === view.ui.head)
    .attr('aria-pressed', (item) => String(item.head === view.ui.head));
  svg
    .selectAll<SVGElement, GroupPlace>('g.kv-group')
    .classed('selected', (item) => item.group === view.ui.group)
    .attr('aria-pressed', (item) => String(item.group === view.ui.group));
}

/** Marks the head of an intention by keyboard, and the group that it is for. */
export function markIntention(svg: AssignmentSvg, intention: Intention | null): void {
  const marked = intention?.head ?? null;
  svg.selectAll<SVGElement, HeadPlace>('g.head').classed('marked', (item) => item.head === marked);
  const group = intention?.kind === 'move' ? intention.group : null;
  svg.selectAll<SVGElement, GroupPlace>('g.kv-group').classed('target', (item) => item.group === group);
}

/** Marks the head that is dragged, and what it would be dropped on. */
export function markDrop(svg: AssignmentSvg, head: number, target: DropTarget | null): void {
  const onHead = target?.head ?? null;
  svg
    .selectAll<SVGElement, HeadPlace>('g.head')
    .classed('marked', (item) => item.head === head && target !== null)
    .classed('target', (item) => item.head === onHead && onHead !== head);
  const onGroup = onHead === null ? (target?.group ?? null) : null;
  svg.selectAll<SVGElement, GroupPlace>('g.kv-group').classed('target', (item) => item.group === onGroup);
}
