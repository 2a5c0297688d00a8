/**
 * What every figure of the explorer is drawn from.
 * Role: types and the arithmetic that several figures share. It is pure: no DOM, no requests.
 */
import type { ConversionRequest } from '../../src/protocol/conversion';
import type { HeadDamageRequest } from '../../src/protocol/damage';
import type { ExplorerSnapshot, ExplorerUi } from '../../src/protocol/explorerView';
import type { AttentionRequest, AttentionRowRequest, MapValues } from '../../src/protocol/maps';
import type { SimilarityInfo } from '../../src/protocol/methods';
import type { RunSummary } from '../../src/protocol/runs';
import type { SimilarityBasis, SimilarityRequest } from '../../src/protocol/similarity';
import type { Busy } from '../../src/protocol/views';
import { headsByGroup } from '../shared/headOrder';
import type { MapsOf } from '../shared/mapTiles';
import { layerTokens, type LayerTokens } from '../shared/layerTokens';
import { fitMapView } from '../shared/mapView';

/** What the pointer (or the keyboard) is on; never stored. */
export interface Hover {
  head: number | null;
  group: number | null;
  query: number | null;
  key: number | null;
}

export const NO_HOVER: Hover = { head: null, group: null, query: null, key: null };

export interface ExplorerView {
  snapshot: ExplorerSnapshot;
  ui: ExplorerUi;
  hover: Hover;
  /** What is done while similarities are awaited. */
  comparing: Busy | null;
}

/** What figures may change. */
export interface Actions {
  choose(change: Partial<ExplorerUi>): void;
  hover(change: Partial<Hover>): void;
  /** Resolves once the host has taken the conversion and run it. Failures are shown. null where nothing can be changed. */
  convert: ((conversion: ConversionRequest) => Promise<void>) | null;
}

/** The run whose maps are drawn: the converted one only where there is one. */
export function shownRun(view: ExplorerView): RunSummary | null {
  const { original, converted } = view.snapshot;
  return view.ui.mapsOf === 'converted' && converted !== null ? converted : original;
}

/** The tokens of the rows and columns of the maps that are drawn. */
export function shownTokens(view: ExplorerView): LayerTokens {
  return layerTokens(shownRun(view), view.snapshot.model.layers[view.ui.layer]);
}

/** [G] heads of each group in the chosen layer, under the chosen conversion. */
export function shownGroups(view: ExplorerView): number[][] {
  const { grouping } = view.snapshot;
  return headsByGroup(grouping.groupOfHead[view.ui.layer] ?? []);
}

/** The request for the maps of one group; null before the first run. */
export function mapsRequest(view: ExplorerView, layer: number, heads: number[]): AttentionRequest | null {
  const run = shownRun(view);
  return run === null ? null : { runId: run.runId, layer, heads };
}

/** Whose maps the cards of the chosen layer show: a head alone is its own mean. Null before the first run. */
export function cardMaps(view: ExplorerView, heads: number[]): MapsOf | null {
  const request = mapsRequest(view, view.ui.layer, heads);
  if (request === null) return null;
  return {
    ...request,
    ...(view.ui.mapValues === 'scores' ? { values: 'scores' } : {}),
    ...(heads.length === 1 ? { meanOnly: true } : view.ui.memberMaps === 'deviations' ? { deviations: true } : {}),
    ...(view.ui.hideFirstToken ? { withoutFirst: true } : {}),
  };
}

/** The exact numbers of one query in all heads of the layer: one request for every figure; null before the first run. */
export function rowRequest(
  view: ExplorerView,
  query: number,
  values: MapValues = 'probabilities',
): AttentionRowRequest | null {
  const run = shownRun(view);
  const heads = Array.from({ length: view.snapshot.model.H }, (_, head) => head);
  if (run === null) return null;
  const request = { runId: run.runId, layer: view.ui.layer, heads, query };
  return values === 'scores' ? { ...request, values } : request;
}

/** What the similarity figure compares. */
export function similarityBasis({ similarityTarget, similarityInputs }: ExplorerUi): SimilarityBasis {
  return similarityTarget === 'maps' ? 'attention' : similarityInputs;
}

/** The chosen measure where it can compare that, else the first that can. */
export function shownMeasure({ ui, snapshot }: ExplorerView): SimilarityInfo | null {
  const fitting = snapshot.registries.similarities.filter(({ on }) => on.includes(similarityBasis(ui)));
  return fitting.find(({ id }) => id === ui.similarityMeasure) ?? fitting[0] ?? null;
}

/** The request for the similarity of a layer's heads under what is chosen; null where it takes a run and there is none. */
export function similarityRequest(view: ExplorerView, layer: number): SimilarityRequest | null {
  const { ui, snapshot } = view;
  const on = similarityBasis(ui);
  const measure = shownMeasure(view);
  const run = snapshot.original;
  // Roles of weights are known of families that can be run.
  if (snapshot.model.notRunnable !== null) return null;
  if (measure === null || (on !== 'weights' && run === null)) return null;
  return {
    modelId: snapshot.model.modelId,
    layer,
    on,
    target: ui.similarityTarget === 'v' ? 'v' : 'k',
    measure: measure.id,
    conversion: snapshot.state.conversion,
    ...(on === 'weights' || run === null ? {} : { runId: run.runId }),
  };
}

/** The request for what the conversion does to each head of a layer; null without a run or a conversion. */
export function damageRequest({ ui, snapshot }: ExplorerView, layer = ui.layer): HeadDamageRequest | null {
  const { original, model, state } = snapshot;
  if (original === null || state.conversion.G === model.G) return null;
  return { modelId: model.modelId, runId: original.runId, layer, conversion: state.conversion };
}

/** The group that a view is about right now: under the pointer, else chosen. */
export function focusedGroup(view: ExplorerView): number | null {
  return view.hover.group ?? view.ui.group;
}

/** The head that a view is about right now: under the pointer, else chosen (unless another group is pointed at). */
export function focusedHead(view: ExplorerView): number | null {
  if (view.hover.head !== null || view.hover.group !== null) return view.hover.head;
  return view.ui.head;
}

/** The token whose attention is looked at: under the pointer, else selected. */
export function focusedQuery(view: ExplorerView): number | null {
  return view.hover.query ?? view.ui.token;
}

const similarityOrders: readonly ExplorerUi['similarityOrder'][] = ['group', 'head', 'likeness'];
const targets: readonly ExplorerUi['similarityTarget'][] = ['k', 'v', 'maps'];
const layerOrders: readonly ExplorerUi['layerOrder'][] = ['number', 'mean', 'worst'];
const directions: readonly ExplorerUi['textDirection'][] = ['from', 'to', 'both'];

/** UI state made to fit a model: a restored state may come from another checkpoint. */
export function fitUi(ui: ExplorerUi, snapshot: ExplorerSnapshot): ExplorerUi {
  const { model, grouping, registries } = snapshot;
  const within = (value: number | null, count: number) => (value !== null && value < count ? value : null);
  const measures = registries.similarities;
  const { tokens, encoderTokens } = snapshot.original ?? {};
  const S = tokens && Math.max(tokens.length, encoderTokens?.length ?? 0);
  const compared = ui.similarityTarget === 'maps' ? model.H : model.G;
  const pair = [within(ui.pairRow, compared), within(ui.pairColumn, compared)] as const;
  const isPair = pair[0] !== null && pair[1] !== null && pair[0] !== pair[1];
  return {
    ...ui,
    pairRow: isPair ? pair[0] : null,
    pairColumn: isPair ? pair[1] : null,
    similarityOrder: similarityOrders.includes(ui.similarityOrder) ? ui.similarityOrder : 'group',
    layer: Math.min(Math.max(0, ui.layer), model.L - 1),
    group: within(ui.group, grouping.G),
    head: within(ui.head, model.H),
    token: S === undefined ? ui.token : within(ui.token, S),
    similarityTarget: targets.includes(ui.similarityTarget) ? ui.similarityTarget : 'k',
    similarityInputs: ui.similarityInputs === 'activations' ? 'activations' : 'weights',
    similarityMeasure: measures.some((measure) => measure.id === ui.similarityMeasure)
      ? ui.similarityMeasure
      : (measures[0]?.id ?? ''),
    mapsOf: snapshot.converted === null ? 'original' : ui.mapsOf,
    layerOrder: layerOrders.includes(ui.layerOrder) ? ui.layerOrder : 'number',
    textMode: ui.textMode === 'lines' ? 'lines' : 'shades',
    textDirection: directions.includes(ui.textDirection) ? ui.textDirection : 'from',
    textBy: ui.textBy === 'head' ? 'head' : 'group',
    mapValues: ui.mapValues === 'scores' ? 'scores' : 'probabilities',
    memberMaps: ui.memberMaps === 'deviations' ? 'deviations' : 'own',
    zoom: fitMapView(ui.zoom, S ?? Infinity),
  };
}
