/**
 * The rows of the inspector: a checkpoint, its facts, its layers, their groups, their heads.
 * Pure data from a session; how a row looks is rows.ts.
 */
import type { Focus } from '../panels/explorerPanel';
import type { Session } from '../session';

export type NodeKind = 'checkpoint' | 'fact' | 'layer' | 'group' | 'head';

export interface Node {
  kind: NodeKind;
  /** Unique in the tree, and the same when the tree is built again. */
  id: string;
  session: Session;
  parent: Node | null;
  /** What the explorer shows when the row is chosen. */
  focus: Focus;
  /** Which fact a 'fact' row tells; empty otherwise. */
  fact: string;
}

export const factNames = [
  'family',
  'parameters',
  'shape',
  'heads',
  'position',
  'features',
  'dtype',
  'vocabulary',
  'cache',
] as const;
export type FactName = (typeof factNames)[number];

const nowhere: Focus = { layer: null, group: null, head: null };

/** Whether a command's argument is a row of the inspector. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && 'session' in value && 'focus' in value;
}

export function checkpointNode(session: Session): Node {
  return { kind: 'checkpoint', id: session.path, session, parent: null, focus: nowhere, fact: '' };
}

export function layerNode(session: Session, layer: number): Node {
  return child(checkpointNode(session), 'layer', `layer ${layer}`, { ...nowhere, layer });
}

export function groupNode(session: Session, layer: number, group: number): Node {
  return child(layerNode(session, layer), 'group', `group ${group}`, { layer, group, head: null });
}

export function headNode(session: Session, layer: number, head: number): Node {
  const group = session.grouping.groupOfHead[layer]?.[head] ?? 0;
  return child(groupNode(session, layer, group), 'head', `head ${head}`, { layer, group, head });
}

export function childrenOf(node: Node): Node[] {
  const { session, focus } = node;
  const { layer, group } = focus;
  switch (node.kind) {
    case 'checkpoint':
      return [
        ...factsOf(session).map((fact) => ({ ...child(node, 'fact', fact, nowhere), fact })),
        ...Array.from({ length: session.model.L }, (_, number) => layerNode(session, number)),
      ];
    case 'layer':
      return layer === null
        ? []
        : Array.from({ length: groupCount(session, layer) }, (_, number) => groupNode(session, layer, number));
    case 'group':
      return layer === null || group === null
        ? []
        : headsOfGroup(session, layer, group).map((head) => headNode(session, layer, head));
    case 'fact':
    case 'head':
      return [];
  }
}

/** KV heads of a layer after grouping; an encoder's stay as they are. */
export function groupCount({ grouping, model }: Session, layer: number): number {
  return model.layers[layer]?.grouped === false ? model.H : grouping.G;
}

/** The facts that a checkpoint has: one that is nothing special has no row for it. */
function factsOf({ model }: Session): readonly FactName[] {
  return model.features.length > 0 ? factNames : factNames.filter((fact) => fact !== 'features');
}

/** Query heads that share a KV group, ascending. */
export function headsOfGroup({ grouping }: Session, layer: number, group: number): number[] {
  return members(grouping.groupOfHead[layer], group);
}

/** KV heads of the opened checkpoint that are pooled into a group, ascending. */
export function kvHeadsOfGroup({ grouping }: Session, layer: number, group: number): number[] {
  return members(grouping.groupOfKvHead[layer], group);
}

function members(groups: number[] | undefined, group: number): number[] {
  return (groups ?? []).flatMap((value, head) => (value === group ? [head] : []));
}

function child(parent: Node, kind: NodeKind, name: string, focus: Focus): Node {
  return { kind, id: `${parent.id}\n${name}`, session: parent.session, parent, focus, fact: '' };
}
