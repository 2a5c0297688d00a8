/**
 * The tree of likeness above the heads: which are most alike, at what height they meet, and where a cut makes as many groups as
 * there are KV heads. A branch can be pressed: its heads are to share one KV head.
 * Role: branches, pointer and keys. What surrounds them is drawn by treeDrawing.ts; what a press does is the assignment's business;
 * the tree itself is likenessTree.ts.
 */
import './dendrogram.css';
import { t } from '@vscode/l10n';
import { scaleLinear, select } from 'd3';
import { button } from '../../shared/controls';
import { element } from '../../shared/dom';
import type { FigureNumbers } from '../../shared/figure';
import type { PushButton } from '../../shared/editorElements';
import { formatNumber } from '../../shared/format';
import { paintGroup } from '../../shared/groupLook';
import { part } from '../../shared/panel';
import type { LikenessTree } from './likenessTree';
import { cutHeight, joints, type Branch } from './linkage';
import { drawAxis, drawCut, drawLeaves, LEFT, NAME_HEIGHT, NAME_WIDTH, STEM, TOP, TREE } from './treeDrawing';
import { layoutTree, neighbourJoint, type JointPlace } from './treeLayout';

export interface TreePicture {
  tree: LikenessTree;
  /** [leaves] group of each. */
  groups: readonly number[];
  /** Groups that the layer has. */
  G: number;
  /** Whether heads can be moved. */
  isEditable: boolean;
}

export interface TreeEvents {
  /** A leaf, or a whole group, is pointed at. */
  hover(target: { leaf: number | null; group: number | null }): void;
  /** A branch was pressed. */
  gather(leaves: readonly number[]): void;
  cut(): void;
}

/** Pixels above a bracket where it can still be pressed. */
const REACH = 6;

export class Dendrogram {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #cut: PushButton;
  readonly #stage = element('div', { class: 'tree-stage' });
  readonly #svg = select(this.#stage).append('svg').attr('role', 'group').attr('data-testid', 'tree');
  readonly #events: TreeEvents;
  #picture: TreePicture | null = null;
  #joints: JointPlace[] = [];
  /** The joint that Tab leads to. */
  #active = 0;

  constructor(events: TreeEvents) {
    this.#events = events;
    this.#cut = button('', { 'data-testid': 'tree-cut' }, () => events.cut());
    const hint = element('span', { class: 'muted' }, t('Press a branch: its heads share one KV head.'));
    this.element = part('tree', this.#title, element('div', { class: 'tree-head' }, hint, this.#cut), this.#stage);
    this.element.hidden = true;
    for (const layer of ['axis', 'joints', 'cut', 'leaves']) this.#svg.append('g').attr('class', layer);
  }

  /** @param picture null while nothing is known; what was drawn before goes */
  render(picture: TreePicture | null, width: number): void {
    this.element.hidden = picture === null || picture.tree.n < 2;
    if (picture?.tree !== this.#picture?.tree) this.#active = -1;
    this.#picture = picture;
    if (picture === null || picture.tree.n < 2 || width === 0) return;
    const { tree, G } = picture;
    this.#title.textContent = t('Tree of likeness: {0}', tree.title);
    this.#cut.textContent = t('Cut into {0} groups', G);
    this.#cut.title = t('Make the {0} branches below the dashed line the groups of this layer', G);
    this.#cut.disabled = !picture.isEditable || G >= tree.n;
    this.#draw(picture, width);
  }

  /** Dims the leaves that are not looked at. */
  emphasise(isOn: (leaf: number) => boolean, selected: number | null): void {
    this.#svg
      .selectAll<SVGGElement, number>('.leaf')
      .classed('dimmed', (leaf) => !isOn(leaf))
      .classed('selected', (leaf) => leaf === selected);
  }

  /** Every joint: what it joins, and at what height. */
  numbers(): FigureNumbers | null {
    const picture = this.#picture;
    if (picture === null) return null;
    const list = ({ leaves }: Branch): string => [...leaves].sort((a, b) => a - b).join(' ');
    return {
      title: t('Tree of likeness: {0}', picture.tree.title),
      columns: [t('heads'), t('joined with'), picture.tree.title],
      rows: this.#joints.map(({ parts, height }) => [list(parts[0]), list(parts[1]), height]),
    };
  }

  #draw({ tree, groups, G, isEditable }: TreePicture, width: number): void {
    const pitch = (width - LEFT) / tree.n;
    const x = new Map(tree.root.leaves.map((leaf, place) => [leaf, LEFT + (place + 0.5) * pitch]));
    const heights = joints(tree.root).map(({ height }) => height);
    const [least, most] = [Math.min(...heights, tree.floor), Math.max(...heights, tree.floor)];
    const y = scaleLinear(tree.alike === 'high' ? [least, most] : [most, least], [TOP, TOP + TREE - STEM]);
    const bottom = TOP + TREE;
    this.#joints = layoutTree(tree.root, (leaf) => x.get(leaf) ?? 0, y, bottom);
    // The root is where one begins.
    if (this.#active < 0) this.#active = this.#joints.findIndex(({ branch }) => branch === tree.root);
    const nameRows = Math.ceil(NAME_WIDTH / pitch);
    this.#svg
      .attr('width', width)
      .attr('height', bottom + 4 + NAME_HEIGHT * nameRows)
      .attr('aria-label', t('Tree of likeness: {0}; arrow keys move through the branches', tree.title));
    drawAxis(this.#svg, y, tree, width);
    drawCut(this.#svg, cutHeight(tree.root, G, tree.alike), G, y, width);
    this.#drawJoints(tree, groups, isEditable);
    const at = (leaf: number): number => x.get(leaf) ?? 0;
    drawLeaves(this.#svg, tree.root.leaves, groups, { at, pitch, bottom, nameRows })
      .on('pointerenter', (_: Event, leaf) => this.#events.hover({ leaf, group: groups[leaf] ?? null }))
      .on('pointerleave', () => this.#events.hover({ leaf: null, group: null }));
  }

  #drawJoints(tree: LikenessTree, groups: readonly number[], isEditable: boolean): void {
    const ownGroup = ({ leaves }: Branch): number | null => {
      const group = groups[leaves[0] ?? 0] ?? 0;
      return leaves.every((leaf) => groups[leaf] === group) ? group : null;
    };
    const isWhole = (branch: Branch): boolean => {
      const group = ownGroup(branch);
      return group !== null && groups.filter((other) => other === group).length === branch.leaves.length;
    };
    const brackets = this.#svg
      .select('.joints')
      .selectAll<SVGGElement, JointPlace>('.joint')
      .data(this.#joints)
      .join((enter) => {
        const made = enter.append('g').attr('class', 'joint').attr('role', 'button').attr('data-testid', 'tree-branch');
        made.append('rect').attr('class', 'catch');
        made.append('path').attr('class', 'line');
        made.append('title');
        return made;
      })
      .attr('data-heads', ({ branch }) => [...branch.leaves].sort((a, b) => a - b).join(' '))
      .attr('data-height', ({ height }) => height)
      .attr('aria-disabled', isEditable ? null : 'true')
      .attr('aria-label', (joint) => describe(joint, tree))
      .classed('within', ({ branch }) => ownGroup(branch) !== null)
      .classed('whole', ({ branch }) => isWhole(branch))
      .each(function ({ branch }) {
        const group = ownGroup(branch);
        if (group !== null) paintGroup(this, group);
      })
      .on('pointerenter focus', (_: Event, { branch }) =>
        this.#point(branch, isWhole(branch) ? ownGroup(branch) : null),
      )
      .on('pointerleave blur', () => this.#point(null, null))
      .on('click', (_: Event, { branch }) => this.#events.gather(branch.leaves))
      .on('keydown', (event: KeyboardEvent, joint) => this.#press(event, joint));
    brackets
      .select('.catch')
      .attr('x', ({ left }) => left)
      .attr('y', ({ y }) => y - REACH)
      .attr('width', ({ left, right }) => right - left)
      .attr('height', ({ y }) => TOP + TREE - y);
    brackets.select('.line').attr('d', ({ path }) => path);
    brackets.select('title').text((joint) => describe(joint, tree));
    this.#showActive();
  }

  /** Marks a branch with all that hangs on it. */
  #point(branch: Branch | null, group: number | null): void {
    const leaves = new Set(branch?.leaves ?? []);
    this.#svg
      .selectAll<SVGGElement, JointPlace>('.joint')
      .classed('pointed', (joint) => joint.branch.leaves.every((leaf) => leaves.has(leaf)));
    this.#svg.selectAll<SVGGElement, number>('.leaf').classed('pointed', (leaf) => leaves.has(leaf));
    this.#events.hover({ leaf: null, group });
  }

  #press(event: KeyboardEvent, { branch }: JointPlace): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') this.#events.gather(branch.leaves);
    else if (event.key.startsWith('Arrow')) {
      this.#active = neighbourJoint(this.#joints, this.#active, event.key);
      this.#showActive()?.focus();
    } else return;
    event.preventDefault();
  }

  #showActive(): SVGGElement | undefined {
    const brackets = this.#svg.selectAll<SVGGElement, JointPlace>('.joint');
    brackets.attr('tabindex', (_, place) => (place === this.#active ? 0 : -1));
    return brackets.nodes()[this.#active];
  }
}

function describe({ parts, height }: JointPlace, tree: LikenessTree): string {
  const [left, right] = parts.map(({ leaves }) => [...leaves].sort((a, b) => a - b).join(' '));
  return t('Heads {0} and {1}: {2} on average ({3})', left ?? '', right ?? '', formatNumber(height, 3), tree.title);
}
