/**
 * The numbers behind the maps: in a table those of the chosen token, or the statistics of each head; in files every number of
 * what is shown: weights or scores, of members or of members minus their mean.
 */
import { t } from '@vscode/l10n';
import { GqaLensError } from '../../../src/protocol/errors';
import type { AttentionRow } from '../../../src/protocol/maps';
import type { FigureNumbers, Gathering } from '../../shared/figureNumbers';
import { meanRow, minusRow, ownRow } from '../../shared/headRows';
import { layerTitle } from '../../shared/labels';
import { finite, gatherWeights, MOST_WEIGHTS, PLACE_COLUMNS, weightCount } from '../../shared/weightRows';
import type { ExplorerData } from '../data';
import { cardMaps, rowRequest, shownGroups, shownRun, shownTokens, type ExplorerView } from '../view';
import { fileTitle, showsDeviations, tokenTitle } from './mapWords';

/** Statistics come with maps of any size. */
const SMALLEST = { mean: 64, members: 64 };

/** Heads of a group that are told, of all its members. */
interface ShownGroup {
  group: number;
  heads: number[];
  members: number[];
}

/** What a table shows; null before it is known. Asks for the row of the chosen token. */
export function mapNumbers(view: ExplorerView, data: ExplorerData): FigureNumbers | null {
  const run = shownRun(view);
  if (run === null) return null;
  return view.ui.token === null ? statistics(view, data) : weightsFrom(view, view.ui.token, data);
}

/** Every number that is drawn. @throws GqaLensError input-invalid when there are too many */
export async function gatherMaps(view: ExplorerView, data: ExplorerData, gathering: Gathering): Promise<FigureNumbers> {
  const run = shownRun(view);
  if (run === null) throw new GqaLensError('input-invalid', t('There are no numbers yet.'));
  const { model } = view.snapshot;
  const layer = model.layers[view.ui.layer];
  const tokens = shownTokens(view);
  const causal = layer?.attention === 'causal';
  const groups = groupsThatFit(view, weightCount(tokens.queries.length, tokens.keys.length, causal));
  const minusMean = showsDeviations(view);
  const columns = groups.flatMap((own) => columnsOf(own, minusMean));
  const rows = await gatherWeights(
    {
      ...{ tokens, causal, columns },
      row: async (query) => {
        const heads = groups.flatMap((own) => own.members);
        const { mapValues: values } = view.ui;
        const request = { runId: run.runId, layer: view.ui.layer, heads, query };
        const row = await data.attentionRow(values === 'scores' ? { ...request, values } : request);
        return groups.flatMap((own) => mapsOf(own, row, minusMean));
      },
    },
    gathering,
  );
  return { title: fileTitle(view), columns: [...PLACE_COLUMNS, ...columns], rows };
}

/** The groups whose cards are shown. */
function groupsShown(view: ExplorerView): ShownGroup[] {
  return shownGroups(view)
    .map((heads, group) => ({ heads, group, members: heads }))
    .filter(({ group }) => view.ui.group === null || view.ui.group === group);
}

/** The groups that are shown; of more weights than a file may hold, the chosen head alone. */
function groupsThatFit(view: ExplorerView, weights: number): ShownGroup[] {
  const groups = groupsShown(view);
  const { head } = view.ui;
  const fits = groups.flatMap((own) => columnsOf(own, false)).length * weights <= MOST_WEIGHTS;
  const own = groups.find(({ heads }) => head !== null && heads.includes(head));
  return fits || head === null || own === undefined ? groups : [{ ...own, heads: [head] }];
}

/** A head's own map or it minus the mean, as maps show it, and the mean of a group that has several. */
function columnsOf({ group, heads, members }: ShownGroup, minusMean: boolean): string[] {
  const mean = `KV ${group} mean`;
  const differs = minusMean && members.length > 1;
  return [...heads.map((head) => (differs ? `Q${head} − ${mean}` : `Q${head}`)), ...(heads.length > 1 ? [mean] : [])];
}

/** [columns][T] of a group. */
function mapsOf({ heads, members }: ShownGroup, row: AttentionRow, minusMean: boolean): ArrayLike<number>[] {
  const own = heads.map((head) => ownRow(row, head));
  if (members.length === 1) return own;
  const mean = meanRow(row, members);
  const shown = minusMean ? own.map((numbers) => minusRow(numbers, mean)) : own;
  return heads.length > 1 ? [...shown, mean] : shown;
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
    note:
      view.ui.mapValues === 'scores'
        ? t('Statistics are of the probabilities. A chosen token shows its scores here. Files hold every score.')
        : t('A chosen token shows its weights here. Files hold every weight.'),
  };
}

function weightsFrom(view: ExplorerView, query: number, data: ExplorerData): FigureNumbers | null {
  const run = shownRun(view);
  const { queries, keys } = shownTokens(view);
  if (run === null || query >= queries.length) return null;
  const request = rowRequest(view, query, view.ui.mapValues);
  const answer = request === null ? null : data.rows.get(request);
  if (answer?.state !== 'ready') return null;
  const groups = groupsShown(view);
  const minusMean = showsDeviations(view);
  const maps = groups.flatMap((own) => mapsOf(own, answer.value, minusMean));
  const causal = view.snapshot.model.layers[view.ui.layer]?.attention === 'causal';
  return {
    title: tokenTitle(view, query, queries[query]?.text ?? ''),
    columns: [...PLACE_COLUMNS.slice(2), ...groups.flatMap((own) => columnsOf(own, minusMean))],
    rows: (causal ? keys.slice(0, query + 1) : keys).map(({ text }, key) => [
      ...[key, text],
      ...maps.map((map) => finite(map[key])),
    ]),
    note: t('Files hold the numbers of every token.'),
  };
}
