/**
 * The side bar's tree: shows the open checkpoints, and follows what the user chooses in an explorer.
 * It changes nothing itself: a chosen row runs `gqaLens.focusNode`.
 */
import * as vscode from 'vscode';
import type { Panels } from '../panels/panels';
import type { Session } from '../session';
import type { Sessions } from '../sessions';
import { checkpointNode, childrenOf, groupNode, headNode, layerNode, type Node } from './nodes';
import { rowOf } from './rows';
import type { ExplorerUi } from '../../protocol/explorerView';

export class Inspector implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<Node>;
  private readonly listeners: vscode.Disposable;
  private shown = '';

  constructor(
    private readonly sessions: Sessions,
    panels: Panels,
  ) {
    this.view = vscode.window.createTreeView<Node>('gqaLens.inspector', {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.listeners = vscode.Disposable.from(
      sessions.onDidChange(() => this.refresh()),
      panels.onDidChangeUi(({ session, ui }) => void this.follow(session, ui)),
    );
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return rowOf(node, node.session === this.sessions.active);
  }

  getChildren(node?: Node): Node[] {
    return node === undefined ? this.sessions.all().map(checkpointNode) : childrenOf(node);
  }

  getParent(node: Node): Node | null {
    return node.parent;
  }

  dispose(): void {
    this.listeners.dispose();
    this.view.dispose();
    this.changed.dispose();
  }

  /** Runs and progress change sessions often and the tree seldom: it is built again only when it would differ. */
  private refresh(): void {
    const { active } = this.sessions;
    const next = JSON.stringify(
      this.sessions.all().map((session) => [session.path, session === active, session.grouping]),
    );
    if (next === this.shown) return;
    this.shown = next;
    this.changed.fire(undefined);
  }

  private async follow(session: Session, { layer, group, head }: ExplorerUi): Promise<void> {
    if (!this.view.visible) return;
    const parts = (): Node => {
      if (head !== null) return headNode(session, layer, head);
      return group === null ? layerNode(session, layer) : groupNode(session, layer, group);
    };
    await this.view.reveal(parts(), { select: true, focus: false });
  }
}
