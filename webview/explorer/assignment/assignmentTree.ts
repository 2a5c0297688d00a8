/**
 * The tree of likeness in the assignment: of the measure that is chosen in the similarity figure, with the groups of the layer.
 * Role: from the page's view to the tree's picture, and from a pressed branch or a cut to a change of the grouping.
 */
import { t } from '@vscode/l10n';
import type { Figure, FigureNumbers } from '../../shared/figure';
import type { ExplorerData } from '../data';
import { Dendrogram } from '../tree/dendrogram';
import type { GroupingEditor } from './groupingEditor';
import { likenessTree, type LikenessTree } from '../tree/likenessTree';
import { cutTree, groupsOfCut } from '../tree/linkage';
import { focusedGroup, focusedHead, shownMeasure, similarityRequest, type Actions, type ExplorerView } from '../view';

export class AssignmentTree implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #tree: Dendrogram;
  readonly #data: ExplorerData;
  readonly #editor: GroupingEditor;
  readonly #say: (sentence: string) => void;
  /** `of` tells what it was made of. */
  #known: { of: string; tree: LikenessTree } | null = null;
  #view: ExplorerView | null = null;
  #width = 0;

  constructor(actions: Actions, data: ExplorerData, editor: GroupingEditor, say: (sentence: string) => void) {
    this.#data = data;
    this.#editor = editor;
    this.#say = say;
    this.#tree = new Dendrogram({
      hover: ({ leaf, group }) => actions.hover({ head: leaf === null ? null : leaf * this.#headsPerLeaf(), group }),
      gather: (leaves) => this.#gather(leaves),
      cut: () => this.#cut(),
    });
    this.element = this.#tree.element;
  }

  /** @param width pixels that may be used */
  fit(width: number): void {
    this.#width = width;
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { grouping } = view.snapshot;
    const groups = grouping.groupOfKvHead[view.ui.layer] ?? [];
    const tree = this.#treeOf(view, groups.length);
    this.#tree.render(tree && { tree, groups, G: grouping.G, isEditable: this.#editor.isEditable }, this.#width);
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    const [head, group] = [focusedHead(view), focusedGroup(view)];
    const groups = view.snapshot.grouping.groupOfKvHead[view.ui.layer] ?? [];
    const R = this.#headsPerLeaf();
    const leafOf = (own: number | null): number | null => (own === null ? null : Math.floor(own / R));
    this.#tree.emphasise(
      (leaf) => (head === null ? group === null || groups[leaf] === group : leafOf(head) === leaf),
      leafOf(view.ui.head),
    );
  }

  numbers(): FigureNumbers | null {
    return this.#tree.numbers();
  }

  /** It does not depend on the groups: while the similarity to new ones is computed, the tree stays. */
  #treeOf(view: ExplorerView, leaves: number): LikenessTree | null {
    const request = similarityRequest(view, view.ui.layer);
    if (request === null) return null;
    const of = JSON.stringify({ ...request, conversion: null });
    const result = this.#data.similarities.peek(request);
    if (this.#known?.of !== of && result !== null) {
      this.#known = { of, tree: likenessTree(result, shownMeasure(view), result.n / leaves) };
    }
    return this.#known?.of === of ? this.#known.tree : null;
  }

  /** Query heads that read one leaf, a KV head of the opened checkpoint. */
  #headsPerLeaf(): number {
    return (this.#view?.snapshot.model.H ?? 1) / (this.#known?.tree.n ?? 1);
  }

  #gather(leaves: readonly number[]): void {
    const tree = this.#known?.tree;
    if (tree === undefined) return;
    if (this.#editor.isEditable) this.#editor.gather(leaves, tree.likeness);
    else this.#say(t('The heads of this layer stay as they are: nothing is pooled into several KV heads.'));
  }

  #cut(): void {
    const tree = this.#known?.tree;
    const G = this.#view?.snapshot.grouping.G ?? 1;
    if (tree === undefined) return;
    const groups = groupsOfCut(cutTree(tree.root, G, tree.alike));
    this.#editor.regroup(groups, t('Cut into {0} groups by {1}.', G, tree.title));
  }
}
