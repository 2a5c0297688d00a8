/** How a row of the inspector looks: label, description, icon, tooltip with the numbers behind it. */
import * as vscode from 'vscode';
import { isEncoderOnly } from '../../protocol/layers';
import type { LayerView } from '../../protocol/model';
import { formatBytes, formatChange, formatCount } from '../format';
import { formatInteger, formatRanges } from '../../protocol/numbers';
import type { Session } from '../session';
import { shownText } from '../shownError';
import { groupCount, headsOfGroup, kvHeadsOfGroup, type FactName, type Node } from './nodes';

export function rowOf(node: Node, isActive: boolean): vscode.TreeItem {
  const row = describe(node, isActive);
  row.id = node.id;
  row.contextValue = node.kind;
  if (node.kind !== 'fact')
    row.command = { command: 'gqaLens.focusNode', title: vscode.l10n.t('Show in Explorer Panel'), arguments: [node] };
  row.accessibilityInformation = {
    label: [row.label, row.description].filter((part) => typeof part === 'string').join(', '),
  };
  return row;
}

function describe(node: Node, isActive: boolean): vscode.TreeItem {
  const { session, focus } = node;
  const { layer, group, head } = focus;
  if (node.kind === 'checkpoint') return checkpointRow(session, isActive);
  if (node.kind === 'fact') return factRow(session, node.fact as FactName);
  if (layer === null) return new vscode.TreeItem(node.id);
  if (head !== null) return headRow(session, layer, head);
  return group === null ? layerRow(session, layer) : groupRow(session, layer, group);
}

function checkpointRow(session: Session, isActive: boolean): vscode.TreeItem {
  const { model } = session;
  const row = new vscode.TreeItem(model.name, vscode.TreeItemCollapsibleState.Expanded);
  // What a conversion changes comes first: the end is cut off in a narrow side bar.
  row.description = `${groupsText(session)} · ${model.familyTitle} · ${formatCount(model.parameters)}`;
  row.iconPath = new vscode.ThemeIcon(isActive ? 'circle-filled' : 'circle-outline');
  row.tooltip =
    model.notRunnable === null
      ? model.path
      : `${model.path}\n${vscode.l10n.t('Cannot be run: {0}', shownText(model.notRunnable))}`;
  return row;
}

function factRow(session: Session, fact: FactName): vscode.TreeItem {
  const { label, value, tooltip } = facts[fact](session);
  const row = new vscode.TreeItem(label);
  row.description = value;
  row.iconPath = new vscode.ThemeIcon('symbol-constant');
  row.tooltip = tooltip ?? `${label}: ${value}`;
  return row;
}

function layerRow(session: Session, layer: number): vscode.TreeItem {
  const row = new vscode.TreeItem(layerTitle(session, layer), vscode.TreeItemCollapsibleState.Collapsed);
  row.description = groupsText(session, layer);
  row.iconPath = new vscode.ThemeIcon('layers');
  row.tooltip = `${layerTitle(session, layer)}: ${cacheText(session, layer, 1)}`;
  return row;
}

/** "Layer 3" in a decoder-only model, else what the engine calls it: "Decoder 3 · cross". */
function layerTitle({ model }: Session, layer: number): string {
  const { title, name } = model.layers[layer] ?? { title: '', name: '' };
  return name === String(layer) ? vscode.l10n.t('Layer {0}', layer) : title.charAt(0).toUpperCase() + title.slice(1);
}

/** What a layer keeps of each token. @param parts how many equal parts of it are meant */
function cacheText({ model, grouping }: Session, layer: number, parts: number): string {
  const { attention } = model.layers[layer] ?? { attention: 'causal' };
  const alike = model.layers.filter((other) => other.attention === attention).length * parts;
  const share = (bytes: number): string => formatBytes((bytes * grouping.G) / model.G / alike);
  if (attention !== 'full' && model.kvCacheBytesPerToken === 0) return vscode.l10n.t('KV cache not known');
  if (attention === 'causal') return vscode.l10n.t('KV cache {0} a token', share(model.kvCacheBytesPerToken));
  if (attention === 'full') return vscode.l10n.t('no KV cache: the encoder runs once');
  return vscode.l10n.t('KV cache {0} a token of the encoder', share(model.crossCacheBytesPerToken));
}

function groupRow(session: Session, layer: number, group: number): vscode.TreeItem {
  const heads = headsOfGroup(session, layer, group);
  const pooled = kvHeadsOfGroup(session, layer, group);
  const row = new vscode.TreeItem(vscode.l10n.t('KV {0}', group), vscode.TreeItemCollapsibleState.Collapsed);
  row.description = `Q ${formatRanges(heads)}`;
  row.iconPath = new vscode.ThemeIcon('key');
  const sharing = vscode.l10n.t('Query heads {0} share this KV head.', formatRanges(heads));
  const origin =
    pooled.length > 1 ? vscode.l10n.t('Pooled from KV heads {0} of the checkpoint.', formatRanges(pooled)) : '';
  const cache = cacheText(session, layer, groupCount(session, layer));
  row.tooltip = [sharing, origin, cache].filter((line) => line !== '').join('\n');
  return row;
}

function headRow(session: Session, layer: number, head: number): vscode.TreeItem {
  const { model, grouping } = session;
  const row = new vscode.TreeItem(vscode.l10n.t('Q{0}', head));
  const group = grouping.groupOfHead[layer]?.[head] ?? 0;
  row.iconPath = new vscode.ThemeIcon('search');
  row.tooltip = vscode.l10n.t(
    'Query head {0} of {1}, {2} numbers wide, reads KV head {3}.',
    head,
    model.H,
    model.K,
    group,
  );
  return row;
}

interface Fact {
  label: string;
  value: string;
  tooltip?: string;
}

const facts: Record<FactName, (session: Session) => Fact> = {
  family: ({ model }) => ({ label: vscode.l10n.t('Family'), value: model.familyTitle }),
  parameters: ({ model }) => ({
    label: vscode.l10n.t('Parameters'),
    value: formatCount(model.parameters),
    tooltip: vscode.l10n.t(
      '{0} parameters, {1} on disk{2}',
      formatInteger(model.parameters),
      formatBytes(model.bytesOnDisk),
      model.tiedEmbeddings ? vscode.l10n.t(', embeddings tied') : '',
    ),
  }),
  shape: ({ model }) => {
    const layers = layerCounts(model).join(' + ');
    return {
      label: vscode.l10n.t('Shape'),
      value: `L ${layers} · D ${model.D} · F ${model.F}`,
      tooltip: vscode.l10n.t('{0} layers, hidden size {1}, feed-forward size {2}', layers, model.D, model.F),
    };
  },
  heads: ({ model }) => ({
    label: vscode.l10n.t('Heads'),
    value: `H ${model.H} · G ${model.G} · K ${model.K}`,
    tooltip: vscode.l10n.t('{0} query heads, {1} KV heads as opened, head size {2}', model.H, model.G, model.K),
  }),
  position: ({ model }) => ({
    label: vscode.l10n.t('Position'),
    value: model.position,
    tooltip:
      model.maxPositions === null
        ? model.position
        : vscode.l10n.t('{0}; {1} positions at most', model.position, model.maxPositions),
  }),
  features: ({ model }) => ({
    label: vscode.l10n.t('Besides'),
    value: model.features.join('; '),
    tooltip: model.features.join('\n'),
  }),
  dtype: ({ model }) => ({
    label: vscode.l10n.t('Stored as'),
    value: model.dtype,
    tooltip: Object.entries(model.dtypes)
      .map(([dtype, count]) => `${dtype}: ${formatInteger(count)}`)
      .join('\n'),
  }),
  vocabulary: ({ model }) => ({
    label: vscode.l10n.t('Vocabulary'),
    value: model.hasTokenizer ? formatInteger(model.V) : vscode.l10n.t('{0}, no tokenizer', formatInteger(model.V)),
  }),
  cache: (session) => {
    const { model } = session;
    const label = vscode.l10n.t('KV cache');
    if (isEncoderOnly(model)) return { label, value: vscode.l10n.t('none: an encoder reads a text once') };
    if (model.kvCacheBytesPerToken === 0) return { label, value: vscode.l10n.t('not known') };
    const bytes = cacheBytes(session);
    const change = formatChange(model.kvCacheBytesPerToken, bytes);
    const crossBytes = (model.crossCacheBytesPerToken * session.grouping.G) / model.G;
    const parts = [
      vscode.l10n.t('{0} a token', formatBytes(bytes)),
      crossBytes === 0 ? '' : vscode.l10n.t('{0} a token of the encoder', formatBytes(crossBytes)),
      change,
    ];
    return {
      label,
      value: parts.filter((part) => part !== '').join(' · '),
      tooltip: vscode.l10n.t(
        '{0} bytes a token with {1} KV heads; {2} as opened, with {3}',
        bytes,
        session.grouping.G,
        model.kvCacheBytesPerToken,
        model.G,
      ),
    };
  },
};

/** KV-cache bytes a token under the session's grouping. */
function cacheBytes({ model, grouping }: Session): number {
  return (model.kvCacheBytesPerToken * grouping.G) / model.G;
}

/** Layers of the model; of encoder and decoder where there are both. */
function layerCounts({ layers, L }: Session['model']): number[] {
  const count = (attention: LayerView['attention']): number =>
    layers.filter((layer) => layer.attention === attention).length;
  return count('full') === 0 || isEncoderOnly({ layers }) ? [L] : [count('full'), count('causal')];
}

/** @param layer whose KV heads are told; absent: those of all layers that are grouped */
function groupsText({ model, grouping }: Session, layer?: number): string {
  if (layer !== undefined && model.layers[layer]?.grouped === false) {
    return vscode.l10n.t('{0} heads, {1} KV', model.H, model.H);
  }
  return grouping.G === model.G
    ? vscode.l10n.t('{0} heads, {1} KV', model.H, model.G)
    : vscode.l10n.t('{0} heads, {1} → {2} KV', model.H, model.G, grouping.G);
}
