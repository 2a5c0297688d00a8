/**
 * Attention weights, or scores, as rows of a file: a line for each query and key, a column for each map, exact float32.
 * Role: asks for them a query at a time, several at once, and stops at what a file may hold. Whom it asks is the caller's.
 */
import { t } from '@vscode/l10n';
import { GqaLensError } from '../../src/protocol/errors';
import type { FigureValue, Gathering } from './figureNumbers';
import { formatInteger } from '../../src/protocol/numbers';
import type { LayerTokens } from './layerTokens';

/** A file of so many weights has some 80 MB: what spreadsheets and editors still open. */
export const MOST_WEIGHTS = 4_000_000;
/** Rows that are asked for at once: the engine answers one after the other, the way to it takes time. */
const AT_ONCE = 6;

export interface WeightRows {
  tokens: LayerTokens;
  causal: boolean;
  /** Names of the maps. */
  columns: string[];
  /** The numbers of one query in each map, [columns][T]. */
  row: (query: number) => Promise<ArrayLike<number>[]>;
}

/** Columns of the rows, before those of the maps. */
export const PLACE_COLUMNS = ['query', 'query token', 'key', 'key token'];

/** A number of a cell; null where there is none: the score of a key that is not seen, and a difference of such. */
export function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** How many weights a map of S queries and T keys has. */
export function weightCount(S: number, T: number, causal: boolean): number {
  return causal ? (S * (S + 1)) / 2 : S * T;
}

/**
 * All rows of some maps.
 * @throws GqaLensError input-invalid when there are more numbers than MOST_WEIGHTS; what `row` throws; AbortError
 */
export async function gatherWeights(
  { tokens: { queries, keys }, causal, columns, row }: WeightRows,
  { signal, progress }: Gathering,
): Promise<FigureValue[][]> {
  const count = weightCount(queries.length, keys.length, causal) * columns.length;
  if (count > MOST_WEIGHTS) {
    throw new GqaLensError('input-invalid', t('The file would hold {0} weights', formatInteger(count)), {
      limit: t('{0} weights', formatInteger(MOST_WEIGHTS)),
      next: t('Show one group, or choose a head, whose map is then saved alone.'),
    });
  }
  const rows: FigureValue[][] = [];
  for (let first = 0; first < queries.length; first += AT_ONCE) {
    progress(first / queries.length);
    const some = Array.from({ length: Math.min(AT_ONCE, queries.length - first) }, (_, place) => first + place);
    const answers = await Promise.all(some.map((query) => row(query)));
    signal.throwIfAborted();
    answers.forEach((weights, place) => {
      const query = first + place;
      const end = causal ? query + 1 : keys.length;
      for (let key = 0; key < end; key++) {
        const words = [query, queries[query]?.text ?? '', key, keys[key]?.text ?? ''];
        rows.push([...words, ...weights.map((map) => finite(map[key]))]);
      }
    });
  }
  return rows;
}
