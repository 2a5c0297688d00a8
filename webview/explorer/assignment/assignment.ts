/**
 * Figure (a): which query heads share which KV head. Heads as circles, groups as boxes, links in the group's colour.
 * The number above a head says how similar its own K (or V) is to the shared one, once that is known. Heads can be dragged
 * to other groups, or moved by keyboard.
 * Role: the figure of the page, which puts its parts together: what it shows (assignmentData.ts), drawing, marks, dragging,
 * keys, toolbar (assignmentControls.ts), tree. What a change of groups does is groupingEditor.ts.
 */
import './assignment.css';
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { ConversionRequest } from '../../../src/protocol/conversion';
import { element, watchWidth } from '../../shared/dom';
import type { Figure, FigureNumbers } from '../../shared/figure';
import { layerTitle } from '../../shared/labels';
import { panel } from '../../shared/panel';
import type { ExplorerData } from '../data';
import type { Actions, ExplorerView } from '../view';
import { AssignmentControls, type GroupingFiles } from './assignmentControls';
import { assignmentNumbers, describeLikeness, groupMembers, linkWidth, pooledSimilarity } from './assignmentData';
import { makeDraggable } from './assignmentDrag';
import {
  addLayers,
  drawGroups,
  drawHeads,
  drawLinks,
  drawSources,
  type GroupNodes,
  type HeadNodes,
} from './assignmentDrawing';
import { AssignmentKeys, historyStep } from './assignmentKeys';
import {
  dropTargetAt,
  layoutAssignment,
  type AssignmentLayout,
  type DropTarget,
  type HeadPlace,
} from './assignmentLayout';
import { emphasiseAssignment, markDrop, markIntention } from './assignmentMarks';
import { AssignmentTree } from './assignmentTree';
import { GroupingEditor } from './groupingEditor';
import { listenAsButtons } from './svgButtons';

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
        markIntention(this.#svg, intention);
      },
    });
    this.#drag = makeDraggable(this.#svg.node() ?? document.createElementNS('http://www.w3.org/2000/svg', 'svg'), {
      at: (x, y) => (this.#layout === null ? null : dropTargetAt(this.#layout, x, y)),
      start: (head) => this.#startDrag(head),
      over: (head, target) => markDrop(this.#svg, head, target),
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
    addLayers(this.#svg);
    this.element.addEventListener('keydown', (event) => this.#pressAnywhere(event));
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { model, grouping } = view.snapshot;
    this.#title.textContent = t('Assignment · {0}', layerTitle(model, view.ui.layer));
    this.editor.show(view);
    this.#controls.render(view);
    this.#tree.fit(this.#width);
    this.#tree.render(view);
    if (this.#width === 0) return;
    const focused = this.#focusedHead();
    const layout = layoutAssignment(groupMembers(view), this.#width);
    this.#layout = layout;
    this.#svg.attr('width', layout.width).attr('height', layout.height + 1);
    const similarity = pooledSimilarity(view, this.#data);
    const { isEditable } = this.editor;
    this.#note.textContent = similarity === null ? '' : describeLikeness(view);
    drawLinks(this.#svg, layout.heads, layout.sources, linkWidth(similarity, view));
    this.#listenToGroups(drawGroups(this.#svg, layout.groups, grouping.G !== model.G));
    drawSources(this.#svg, layout.sources);
    this.#listenToHeads(drawHeads(this.#svg, layout.heads, { radius: layout.radius, similarity, isEditable }));
    this.emphasise(view);
    markIntention(this.#svg, this.#keys.intention);
    // Heads change places with their groups, and moving an element takes the focus away.
    if (focused !== null && this.#focusedHead() !== focused) this.#headElement(focused)?.focus();
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    emphasiseAssignment(this.#svg, view);
    this.#tree.emphasise(view);
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    return assignmentNumbers(view, pooledSimilarity(view, this.#data));
  }

  #listenToGroups(boxes: GroupNodes): void {
    listenAsButtons(boxes, {
      look: (item) => this.#actions.hover({ group: item?.group ?? null, head: null }),
      activate: ({ group }) =>
        this.#actions.choose({ group: this.#view?.ui.group === group ? null : group, head: null }),
    });
  }

  #listenToHeads(circles: HeadNodes): void {
    listenAsButtons(circles, {
      look: (item) => this.#actions.hover({ head: item?.head ?? null, group: item?.group ?? null }),
      activate: ({ head }) => this.#actions.choose({ head: this.#view?.ui.head === head ? null : head }),
      press: (event, item) => this.#pressHead(event, item),
    });
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
    const step = historyStep(event);
    if (step === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.editor[step]();
  }

  #startDrag(head: number): void {
    this.#keys.reset();
    this.#controls.say(t('Q{0}: drop it on a group to move it, on a head to exchange the two. Escape gives up.', head));
    this.#svg.classed('dragging', true);
  }

  #drop(head: number, target: DropTarget | null): void {
    this.#svg.classed('dragging', false);
    markDrop(this.#svg, head, null);
    if (target === null) this.#controls.say(t('Given up.'));
    else if (target.head === head) this.#controls.say('');
    else if (target.head === null) this.editor.move(head, target.group);
    else this.editor.exchange(head, target.head);
  }

  /** Does a change by keyboard; the marks of its preparation go. */
  #change(change: () => void): void {
    markIntention(this.#svg, null);
    change();
  }

  #focusedHead(): number | null {
    const focused = document.activeElement?.closest('g.head')?.getAttribute('data-head') ?? null;
    return focused === null ? null : Number(focused);
  }

  #headElement(head: number): SVGGElement | null {
    return this.#svg.node()?.querySelector<SVGGElement>(`g.head[data-head="${head}"]`) ?? null;
  }
}
