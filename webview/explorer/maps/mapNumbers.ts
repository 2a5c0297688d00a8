/**
 * The numbers behind the maps: in a table the weights of the chosen token, or the statistics of each head; in files every
 * weight of what is shown.
 */
import { t } from '@vscode/l10n';
import { GqaLensError } from '../../../src/protocol/errors';
import type { AttentionRow } from '../../../src/protocol/maps';
import type { FigureNumbers, Gathering } from '../../shared/figure';
import { layerTitle } from '../../shared/labels';
import { gatherWeights, MOST_WEIGHTS, PLACE_COLUMNS, weightCount } from '../../shared/weightRows';
import type { ExplorerData } from '../data';
import { cardMaps, rowRequest, shownGroups, shownRun, shownTokens, type ExplorerView } from '../view';

/** Statistics come with maps of any size. */
const SMALLEST = { mean: 64, members: 64 };

interface ShownGroup {
  group: number;
  heads: number[];
}

/** What a table shows; null before it is known. Asks for the row of the chosen token. */
export function mapNumbers(view: ExplorerView, data: ExplorerData): FigureNumbers | null {
  const run = shownRun(view);
  if (run === null) return null;
  return view.ui.token === null ? statistics(view, data) : weightsFrom(view, view.ui.token, data);
}

/** Every weight that is drawn. @throws GqaLensError input-invalid when there are too many */
export async function gatherMaps(view: ExplorerView, data: ExplorerData, gathering: Gathering): Promise<FigureNumbers> {
  const run = shownRun(view);
  if (run === null) throw new GqaLensError('input-invalid', t('There are no numbers yet.'));
  const { model } = view.snapshot;
  const layer = model.layers[view.ui.layer];
  const tokens = shownTokens(view);
  const causal = layer?.attention === 'causal';
  const groups = groupsThatFit(view, weightCount(tokens.queries.length, tokens.keys.length, causal));
  const columns = groups.flatMap(columnsOf);
  const rows = await gatherWeights(
    {
      ...{ tokens, causal, columns },
      row: async (query) => {
        const heads = groups.flatMap((own) => own.heads);
        const row = await data.attentionRow({ runId: run.runId, layer: view.ui.layer, heads, query });
        return groups.flatMap((own) => mapsOf(own, row));
      },
    },
    gathering,
  );
  return { title: titleOf(view, layerTitle(model, view.ui.layer)), columns: [...PLACE_COLUMNS, ...columns], rows };
}

function titleOf(view: ExplorerView, layer: string): string {
  return view.ui.mapsOf === 'converted'
    ? t('Attention weights of {0}, converted', layer)
    : t('Attention weights of {0}', layer);
}

/** The groups whose cards are shown. */
function groupsShown(view: ExplorerView): ShownGroup[] {
  return shownGroups(view)
    .map((heads, group) => ({ heads, group }))
    .filter(({ group }) => view.ui.group === null || view.ui.group === group);
}

/** The groups that are shown; of more weights than a file may hold, the chosen head alone. */
function groupsThatFit(view: ExplorerView, weights: number): ShownGroup[] {
  const groups = groupsShown(view);
  const { head } = view.ui;
  const fits = groups.flatMap(columnsOf).length * weights <= MOST_WEIGHTS;
  const own = groups.find(({ heads }) => head !== null && heads.includes(head));
  return fits || head === null || own === undefined ? groups : [{ group: own.group, heads: [head] }];
}

/** A head's own map, and the mean of a group that has several. */
function columnsOf({ group, heads }: ShownGroup): string[] {
  return [...heads.map((head) => `Q${head}`), ...(heads.length > 1 ? [`KV ${group} mean`] : [])];
}

/** [columns][T] of a group. */
function mapsOf({ heads }: ShownGroup, { heads: known, weights }: AttentionRow): ArrayLike<number>[] {
  const T = weights.length / known.length;
  const own = heads.map((head) => weights.subarray(known.indexOf(head) * T, (known.indexOf(head) + 1) * T));
  if (heads.length === 1) return own;
  const mean = Float64Array.from({ length: T }, (_, key) =>
    own.reduce((sum, map) => sum + (map[key] ?? 0) / own.length, 0),
  );
  return [...own, mean];
}

function statistics(view: ExplorerView, data: ExplorerData): FigureNumbers | null {
  const { queries, keys } = shownTokens(view);
  const tokens = Math.max(queries.length, keys.length);
  const rows = groupsShown(view).flatMap(({ heads, group }) => {
    const of = cardMaps(view, heads);
    const known = of === null ? [] : (data.maps.whole(of, tokens, SMALLEST).tile?.statistics ?? []);
    return known.map(({ head, entropy, firstToken, largest, distance }) => [
      ...[group, head, entropy, firstToken, largest, distance],
    ]);
  });
  if (rows.length === 0) return null;
  return {
    title: t('Statistics of the heads in {0}', layerTitle(view.snapshot.model, view.ui.layer)),
    columns: [
      'KV group',
      'query head',
      'entropy (bits)',
      'weight on first token',
      'largest weight',
      'mean distance (tokens)',
    ],
    rows,
    note: t('A chosen token shows its weights here. Files hold every weight.'),
  };
}

function weightsFrom(view: ExplorerView, query: number, data: ExplorerData): FigureNumbers | null {
  const run = shownRun(view);
  const { queries, keys } = shownTokens(view);
  if (run === null || query >= queries.length) return null;
  const request = rowRequest(view, query);
  const answer = request === null ? null : data.rows.get(request);
  if (answer?.state !== 'ready') return null;
  const groups = groupsShown(view);
  const maps = groups.flatMap((own) => mapsOf(own, answer.value));
  const causal = view.snapshot.model.layers[view.ui.layer]?.attention === 'causal';
  return {
    title: t('Attention from token {0}, “{1}”', query, queries[query]?.text ?? ''),
    columns: [...PLACE_COLUMNS.slice(2), ...groups.flatMap(columnsOf)],
    rows: (causal ? keys.slice(0, query + 1) : keys).map(({ text }, key) => [
      ...[key, text],
      ...maps.map((map) => map[key] ?? null),
    ]),
    note: t('Files hold the weights of every token.'),
  };
}
