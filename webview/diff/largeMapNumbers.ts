/**
 * The numbers behind the large maps: in a table those of the chosen token, in files all of what is shown; weights or scores, of
 * the head or of the head minus a mean.
 */
import { t } from '@vscode/l10n';
import { GqaLensError } from '../../src/protocol/errors';
import type { AttentionRow } from '../../src/protocol/maps';
import type { FigureNumbers, FigureValue, Gathering } from '../shared/figureNumbers';
import { minusRow } from '../shared/headRows';
import { layerTitle } from '../shared/labels';
import { finite, gatherWeights, PLACE_COLUMNS } from '../shared/weightRows';
import type { DiffData } from './data';
import { rowRequest, shownRow } from './paneMaps';
import { headWords } from './paneWords';
import { shownModel, shownTokens, type DiffView } from './view';

/** The numbers of the chosen token in the head that is shown large; asks for them. */
export function largeMapNumbers(view: DiffView, data: DiffData): FigureNumbers | null {
  const { compare } = view.snapshot;
  if (compare === null) return null;
  const { queries, keys } = shownTokens(view);
  // A token of the text is no row of an encoder's maps.
  const query = queries === compare.a.tokens && view.ui.token !== null ? view.ui.token : queries.length - 1;
  const [a, b] = (['a', 'b'] as const).map((side) => {
    const request = rowRequest(view, side, query);
    const answer = request && data.rows.get(request);
    return answer?.state === 'ready' ? answer.value : null;
  });
  if (!a || !b) return null;
  const columns = valuesOf(view, a, b);
  const seen = isCausal(view) ? keys.slice(0, query + 1) : keys;
  const place = [headWords(view), query, queries[query]?.text ?? ''] as const;
  return {
    title:
      view.ui.mapValues === 'scores'
        ? t('Scores before the softmax of {0} from token {1}, “{2}”', ...place)
        : t('Attention of {0} from token {1}, “{2}”', ...place),
    columns: [...PLACE_COLUMNS.slice(2), ...columnsOf(view)],
    rows: seen.map(({ text }, key): FigureValue[] => [key, text, ...columns.map((column) => finite(column[key]))]),
    note: t('Files hold the numbers of every token.'),
  };
}

/** Every number of what is shown large. */
export async function gatherLargeMaps(view: DiffView, data: DiffData, gathering: Gathering): Promise<FigureNumbers> {
  const columns = columnsOf(view);
  const rows = await gatherWeights(
    {
      ...{ tokens: shownTokens(view), causal: isCausal(view), columns },
      row: async (query) => {
        const [ofA, ofB] = [rowRequest(view, 'a', query), rowRequest(view, 'b', query)];
        if (ofA === null || ofB === null) throw new GqaLensError('input-invalid', t('There are no numbers yet.'));
        const [a, b] = await Promise.all([data.attentionRow(ofA), data.attentionRow(ofB)]);
        return valuesOf(view, a, b);
      },
    },
    gathering,
  );
  const place = [headWords(view), layerTitle(shownModel(view.snapshot), view.ui.layer)] as const;
  return {
    title:
      view.ui.mapValues === 'scores'
        ? t('Scores before the softmax of {0} in {1}', ...place)
        : t('Attention of {0} in {1}', ...place),
    columns: [...PLACE_COLUMNS, ...columns],
    rows,
  };
}

/** Names of both sides and their difference, with what is not simply a weight. */
function columnsOf({ snapshot: { sides }, ui }: DiffView): string[] {
  const unit = ui.mapValues === 'scores' ? ' (score)' : '';
  return [sides.a.name, sides.b.name, t('difference')].map((name) => `${name}${unit}`);
}

/** [3][T] Both sides and their difference. */
function valuesOf(view: DiffView, rowA: AttentionRow, rowB: AttentionRow): ArrayLike<number>[] {
  const [a, b] = [shownRow(view, rowA), shownRow(view, rowB)];
  return [a, b, minusRow(b, a)];
}

function isCausal({ snapshot, ui }: DiffView): boolean {
  return shownModel(snapshot).layers[ui.layer]?.attention === 'causal';
}
