/** The numbers of two heads side by side, for tables and files, and how alike they are in words. */
import { t } from '@vscode/l10n';
import type { FigureNumbers, Gathering } from '../../shared/figure';
import { formatNumber } from '../../shared/format';
import { layerTokens } from '../../shared/layerTokens';
import { gatherWeights, PLACE_COLUMNS } from '../../shared/weightRows';
import type { ExplorerData } from '../data';
import { pairMaps, shownPair } from './pair';
import { shownMeasure, similarityRequest, type ExplorerView } from '../view';

/** The statistics of both sides' query heads; null while no pair is shown, or nothing has run. */
export function pairNumbers(view: ExplorerView, data: ExplorerData, title: string): FigureNumbers | null {
  const pair = shownPair(view);
  const run = view.snapshot.original;
  if (pair === null || run === null) return null;
  const rows = pair.flatMap(({ name, ...side }) => {
    const tile = data.maps.peek(pairMaps(run, view.ui.layer, { name, ...side }));
    return (tile?.statistics ?? []).map(({ head, entropy, firstToken, largest, distance }) => [
      ...[name, head, entropy, firstToken, largest, distance],
    ]);
  });
  return {
    title,
    columns: [
      ...[t('compared head'), t('query head'), t('entropy (bit)'), t('weight on the first token')],
      ...[t('largest weight'), t('distance (tokens)')],
    ],
    rows,
    note: t('{0} Files have every weight.', describePair(view, data)),
  };
}

/** Every weight of both sides' query heads. */
export async function gatherPair(
  view: ExplorerView,
  data: ExplorerData,
  title: string,
  gathering: Gathering,
): Promise<FigureNumbers> {
  const pair = shownPair(view);
  const run = view.snapshot.original;
  if (pair === null || run === null) throw new Error('No pair of heads is shown.');
  const { layer } = view.ui;
  const shape = view.snapshot.model.layers[layer];
  const heads = pair.flatMap((side) => side.heads);
  const columns = heads.map((head) => `Q${head}`);
  const tokens = layerTokens(run, shape);
  const T = tokens.keys.length;
  const row = async (query: number): Promise<ArrayLike<number>[]> => {
    const { weights } = await data.attentionRow({ runId: run.runId, layer, heads, query });
    return heads.map((_, place) => weights.subarray(place * T, (place + 1) * T));
  };
  const causal = shape?.attention === 'causal';
  const rows = await gatherWeights({ tokens, causal, columns, row }, gathering);
  return { title, columns: [...PLACE_COLUMNS, ...columns], rows };
}

/** How alike they are, and how alike random heads would be. */
export function describePair(view: ExplorerView, data: ExplorerData): string {
  const { pairRow, pairColumn } = view.ui;
  const request = similarityRequest(view, view.ui.layer);
  const result = request && data.similarities.peek(request);
  const pair = shownPair(view);
  if (result === null || pair === null || pairRow === null || pairColumn === null) return '';
  return t(
    '{0} of {1} and {2}: {3}. Random heads have {4}, at most {5}.',
    ...[shownMeasure(view)?.title ?? '', pair[0].name, pair[1].name],
    formatNumber(result.matrix[pairRow * result.n + pairColumn] ?? 0, 3),
    ...[formatNumber(result.floor, 3), formatNumber(result.floorExtreme, 3)],
  );
}
