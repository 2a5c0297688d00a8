/**
 * Figure (a): which query heads share which KV head. Heads as circles, groups as boxes, links in the group's colour.
 * The number above a head says how similar its own K (or V) is to the shared one, once that is known. Heads can be dragged
 * to other groups, or moved by keyboard; what that does is groupingEditor.ts.
 */
import './assignment.css';
import { t } from '@vscode/l10n';
import { select, type BaseType, type Selection } from 'd3';
import type { ConversionRequest } from '../../../src/protocol/conversion';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import { element, watchWidth } from '../../shared/dom';
import { GROUP_COLORS, paintGroups } from '../../shared/groupLook';
import type { Figure, FigureNumbers } from '../../shared/figure';
import { formatNumber } from '../../shared/format';
import { describeHeads } from '../../shared/headOrder';
import { layerTitle } from '../../shared/labels';
import { AssignmentControls, type GroupingFiles } from './assignmentControls';
import { makeDraggable } from './assignmentDrag';
import { AssignmentKeys, type Intention } from './assignmentKeys';
import {
  dropTargetAt,
  layoutAssignment,
  type AssignmentLayout,
  type DropTarget,
  type GroupMembers,
  type GroupPlace,
  type HeadPlace,
  type SourcePlace,
} from './assignmentLayout';
import { AssignmentTree } from './assignmentTree';
import type { ExplorerData } from '../data';
import { GroupingEditor } from './groupingEditor';
import { panel } from '../../shared/panel';
import {
  focusedGroup,
  focusedHead,
  shownGroups,
  shownMeasure,
  similarityRequest,
  type Actions,
  type ExplorerView,
} from '../view';

/** Pixels of a letter in a group's box, on average. */
const LETTER_WIDTH = 6.8;

export class Assignment implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #note = element('span', { class: 'muted note' });
  readonly #stage = element('div', { class: 'assignment-stage' });
  readonly #controls: AssignmentControls;
  readonly #keys: AssignmentKeys;
  readonly #drag: ReturnType<typeof makeDraggable>;
  readonly #tree: AssignmentTree;
  readonly parts: readonly Figure<ExplorerView>[];
  readonly #svg = select(this.#stage)
    .append('svg')
    .attr('role', 'group')
    .attr('aria-label', t('Query heads and the KV heads they share'));
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly editor: GroupingEditor;
  #view: ExplorerView | null = null;
  #layout: AssignmentLayout | null = null;
  #width = 0;

  constructor(actions: Actions, data: ExplorerData, files: GroupingFiles) {
    this.#actions = actions;
    this.#data = data;
    const { convert } = actions;
    const converting = (conversion: ConversionRequest): Promise<void> => {
      const change = convert?.(conversion) ?? Promise.resolve();
      this.#controls.await(change);
      return change;
    };
    this.editor = new GroupingEditor(convert && converting, (sentence) => this.#controls.say(sentence));
    this.#controls = new AssignmentControls(this.editor, files);
    this.#keys = new AssignmentKeys({
      move: (head, group) => this.#change(() => this.editor.move(head, group)),
      exchange: (a, b) => this.#change(() => this.editor.exchange(a, b)),
      intend: (intention, said) => {
        this.#controls.say(said);
        this.#markIntention(intention);
      },
    });
    this.#drag = makeDraggable(this.#svg.node() ?? document.createElementNS('http://www.w3.org/2000/svg', 'svg'), {
      at: (x, y) => (this.#layout === null ? null : dropTargetAt(this.#layout, x, y)),
      start: (head) => this.#startDrag(head),
      over: (head, target) => this.#markDrop(head, target),
      drop: (head, target) => this.#drop(head, target),
    });
    this.#tree = new AssignmentTree(actions, data, this.editor, (sentence) => this.#controls.say(sentence));
    this.parts = [this.#tree];
    this.element = panel(
      'assignment',
      this.#title,
      this.#controls.head,
      element('div', { class: 'figure-parts' }, this.#tree.element),
      this.#note,
      this.#stage,
      this.#controls.foot,
    );
    for (const layer of ['links', 'sources', 'groups', 'heads']) this.#svg.append('g').attr('class', layer);
    this.element.addEventListener('keydown', (event) => this.#pressAnywhere(event));
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: ExplorerView): void {
    this.#view = view;
    this.#title.textContent = t('Assignment · {0}', layerTitle(view.snapshot.model, view.ui.layer));
    this.editor.show(view);
    this.#controls.render(view);
    this.#tree.fit(this.#width);
    this.#tree.render(view);
    if (this.#width === 0) return;
    const focused = this.#focusedHead();
    const layout = layoutAssignment(groupMembers(view), this.#width);
    this.#layout = layout;
    this.#svg.attr('width', layout.width).attr('height', layout.height + 1);
    const similarity = this.#toPooled(view);
    this.#note.textContent = similarity === null ? '' : describeLikeness(view);
    this.#drawLinks(layout.heads, layout.sources, linkWidth(similarity, view));
    this.#drawGroups(layout.groups, view);
    this.#drawSources(layout.sources);
    this.#drawHeads(layout.heads, layout.radius, similarity);
    this.emphasise(view);
    this.#markIntention(this.#keys.intention);
    // Heads change places with their groups, and moving an element takes the focus away.
    if (focused !== null && this.#focusedHead() !== focused) this.#headElement(focused)?.focus();
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    const head = focusedHead(view);
    const group = head === null ? focusedGroup(view) : null;
    const groupOfHead = view.snapshot.grouping.groupOfHead[view.ui.layer] ?? [];
    const isOn = (item: { head?: number; group: number }) =>
      head === null
        ? group === null || item.group === group
        : item.head === undefined
          ? groupOfHead[head] === item.group
          : item.head === head;
    this.#svg
      .selectAll<SVGElement, { head?: number; group: number }>('[data-group]')
      .classed('dimmed', (item) => !isOn(item));
    this.#tree.emphasise(view);
    this.#svg
      .selectAll<SVGElement, HeadPlace>('g.head')
      .classed('selected', (item) => item.head === view.ui.head)
      .attr('aria-pressed', (item) => String(item.head === view.ui.head));
    this.#svg
      .selectAll<SVGElement, GroupPlace>('g.kv-group')
      .classed('selected', (item) => item.group === view.ui.group)
      .attr('aria-pressed', (item) => String(item.group === view.ui.group));
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    const { model, grouping } = view.snapshot;
    const groups = grouping.groupOfHead[view.ui.layer] ?? [];
    const kvHeads = grouping.groupOfKvHead[view.ui.layer] ?? [];
    const similarity = this.#toPooled(view);
    return {
      title: t('Which KV head each query head reads in {0}', layerTitle(model, view.ui.layer)),
      columns: [
        ...['query head', 'own KV head', 'KV group'],
        ...(similarity === null ? [] : [`${shownMeasure(view)?.title ?? 'similarity'} to pooled head`]),
      ],
      rows: groups.map((group, head) => {
        const own = Math.floor((head * kvHeads.length) / Math.max(1, groups.length));
        return [head, own, group, ...(similarity === null ? [] : [similarity.toPooled[own] ?? null])];
      }),
    };
  }

  /** How alike each query head's own K or V is to the shared one; null until known, and where heads share from the start. */
  #toPooled(view: ExplorerView): SimilarityResult | null {
    const { model, grouping } = view.snapshot;
    const request = similarityRequest(view, view.ui.layer);
    const similarity = request && this.#data.similarities.peek(request);
    return similarity !== null && similarity.n === model.H && grouping.G < similarity.n ? similarity : null;
  }

  #drawLinks(heads: HeadPlace[], sources: SourcePlace[], width: (head: number) => number | null): void {
    const links = this.#svg.select<SVGGElement>('g.links');
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

  #drawGroups(groups: GroupPlace[], view: ExplorerView): void {
    const changesNothing = view.snapshot.grouping.G === view.snapshot.model.G;
    const boxes = this.#svg
      .select('g.groups')
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
        changesNothing
          ? t('KV head {0}, read by query heads {1}', item.group, describeHeads(item.heads))
          : t('KV head {0} (pooled), read by query heads {1}', item.group, describeHeads(item.heads)),
      );
    listen(
      boxes,
      (item) => ({ group: item.group, head: null }),
      (hover) => this.#actions.hover(hover),
      (item) => this.#actions.choose({ group: this.#view?.ui.group === item.group ? null : item.group, head: null }),
    );
  }

  #drawSources(sources: SourcePlace[]): void {
    const nodes = this.#svg
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
    nodes
      .select('title')
      .text((item) => t('KV head {0} of the checkpoint, pooled into KV {1}', item.kvHead, item.group));
  }

  #drawHeads(heads: HeadPlace[], radius: number, similarity: SimilarityResult | null): void {
    const circles = this.#svg
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
      .attr('aria-describedby', this.editor.isEditable ? 'grouping-help' : null)
      .classed('movable', this.editor.isEditable)
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
    listen(
      circles,
      (item) => ({ head: item.head, group: item.group }),
      (hover) => this.#actions.hover(hover),
      (item) => this.#actions.choose({ head: this.#view?.ui.head === item.head ? null : item.head }),
      (event, item) => this.#pressHead(event, item),
    );
    circles.on('focus.keys', (_: Event, item) => this.#keys.focus(item.head));
    if (this.editor.isEditable) this.#drag(circles);
    else circles.on('.drag', null);
  }

  #pressHead(event: KeyboardEvent, { head, group }: HeadPlace): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.editor.isEditable) return false;
    return this.#keys.press(event.key, head, group, this.#view?.snapshot.grouping.G ?? 1);
  }

  /** Undo and redo, wherever in the panel the focus is. */
  #pressAnywhere(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    event.stopPropagation();
    if (key === 'y' || event.shiftKey) this.editor.redo();
    else this.editor.undo();
  }

  #startDrag(head: number): void {
    this.#keys.reset();
    this.#controls.say(t('Q{0}: drop it on a group to move it, on a head to exchange the two. Escape gives up.', head));
    this.#svg.classed('dragging', true);
  }

  #drop(head: number, target: DropTarget | null): void {
    this.#svg.classed('dragging', false);
    this.#markDrop(head, null);
    if (target === null) this.#controls.say(t('Given up.'));
    else if (target.head === head) this.#controls.say('');
    else if (target.head === null) this.editor.move(head, target.group);
    else this.editor.exchange(head, target.head);
  }

  /** Does a change by keyboard; the marks of its preparation go. */
  #change(change: () => void): void {
    this.#markIntention(null);
    change();
  }

  #markIntention(intention: Intention | null): void {
    const marked = intention?.head ?? null;
    this.#svg.selectAll<SVGElement, HeadPlace>('g.head').classed('marked', (item) => item.head === marked);
    const group = intention?.kind === 'move' ? intention.group : null;
    this.#svg.selectAll<SVGElement, GroupPlace>('g.kv-group').classed('target', (item) => item.group === group);
  }

  #markDrop(head: number, target: DropTarget | null): void {
    const onHead = target?.head ?? null;
    this.#svg
      .selectAll<SVGElement, HeadPlace>('g.head')
      .classed('marked', (item) => item.head === head && target !== null)
      .classed('target', (item) => item.head === onHead && onHead !== head);
    const onGroup = onHead === null ? (target?.group ?? null) : null;
    this.#svg.selectAll<SVGElement, GroupPlace>('g.kv-group').classed('target', (item) => item.group === onGroup);
  }

  #focusedHead(): number | null {
    const focused = document.activeElement?.closest('g.head')?.getAttribute('data-head') ?? null;
    return focused === null ? null : Number(focused);
  }

  #headElement(head: number): SVGGElement | null {
    return this.#svg.node()?.querySelector<SVGGElement>(`g.head[data-head="${head}"]`) ?? null;
  }
}

/** The groups of the chosen layer with the checkpoint's KV heads in between, where it has fewer of them than heads. */
function groupMembers(view: ExplorerView): GroupMembers[] {
  const { model, grouping } = view.snapshot;
  const groupOfKvHead = grouping.groupOfKvHead[view.ui.layer] ?? [];
  const R = model.H / model.G;
  const isPooled = model.G < model.H && grouping.G < model.G;
  return shownGroups(view).map((heads, group) => ({
    heads,
    sources: isPooled
      ? groupOfKvHead.flatMap((of, kvHead) =>
          of === group ? [{ kvHead, heads: Array.from({ length: R }, (_, member) => kvHead * R + member) }] : [],
        )
      : [],
  }));
}

/** As much as has room in a group's box. */
function boxLabel({ group, heads, width }: GroupPlace): string {
  const labels = [t('KV {0} · Q {1}', group, describeHeads(heads)), t('KV {0} · {1} heads', group, heads.length)];
  return labels.find((label) => label.length * LETTER_WIDTH + 12 <= width) ?? t('KV {0}', group);
}

const groupOf = ({ group }: { group: number }): number => group;

/** What the number above a head and the width of its link say. */
function describeLikeness(view: ExplorerView): string {
  const target = view.ui.similarityTarget === 'maps' ? '' : `${view.ui.similarityTarget.toUpperCase()} · `;
  return t('number and width of link: {0} · to the shared head', target + (shownMeasure(view)?.title ?? ''));
}

/** Stroke width of a head's link in pixels: the more alike the head is to the shared one, the wider. Null: as usual. */
function linkWidth(similarity: SimilarityResult | null, view: ExplorerView): (head: number) => number | null {
  if (similarity === null) return () => null;
  const isDistance = shownMeasure(view)?.alike === 'low';
  return (head) => {
    const value = Math.max(0, Math.min(1, similarity.toPooled[head] ?? 0));
    return 1 + 5 * (isDistance ? 1 - value : value);
  };
}

/** Pointer, focus and activation of SVG buttons. */
function listen<Item>(
  nodes: Selection<SVGGElement, Item, BaseType, unknown>,
  target: (item: Item) => { head: number | null; group: number | null },
  hover: (change: { head: number | null; group: number | null }) => void,
  activate: (item: Item) => void,
  press: (event: KeyboardEvent, item: Item) => boolean = () => false,
): void {
  nodes
    .on('pointerenter focus', (_: Event, item) => hover(target(item)))
    .on('pointerleave blur', () => hover({ head: null, group: null }))
    .on('click', (_: Event, item) => activate(item))
    .on('keydown', (event: KeyboardEvent, item) => {
      if (press(event, item)) {
        event.preventDefault();
        return;
      }
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      activate(item);
    });
}

/** Parts two texts of an element, which would be one word otherwise. */
function separate(this: SVGGElement): void {
  this.append(' ');
}
