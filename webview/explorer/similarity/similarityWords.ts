/** What the similarity figure says: of a pair, of the answer as a whole, and why there is none. Pure. */
import { t } from '@vscode/l10n';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import { formatNumber } from '../../shared/format';
import type { Pair } from './similarityMatrix';
import { describePooled } from './similarityScale';
import { shownMeasure, type ExplorerView } from '../view';

/** "K", "V" or, for maps, "Q". */
export const nameOf = ({ on, target }: SimilarityResult): string => (on === 'attention' ? 'Q' : target.toUpperCase());

export function describePair(result: SimilarityResult, { row, column }: Pair): string {
  const name = nameOf(result);
  if (row === column) return describePooled(result, row);
  const value = formatNumber(result.matrix[row * result.n + column] ?? 0, 3);
  return t('{0} and {1}: {2} · floor {3}', `${name}${row}`, `${name}${column}`, value, formatNumber(result.floor, 2));
}

export function progressOf({ comparing }: ExplorerView): string {
  if (comparing === null) return '';
  return `${comparing.message}${comparing.fraction === null ? '' : ` (${Math.round(100 * comparing.fraction)} %)`}…`;
}

export function explainMissing({ snapshot, ui }: ExplorerView): string {
  if (snapshot.model.notRunnable !== null) return t('This checkpoint cannot run, so its heads cannot be compared.');
  const what = ui.similarityTarget === 'maps' ? t('its attention maps') : t('what it makes of the heads');
  if (snapshot.gpu?.available === false) return t('Without a GPU adapter {0} cannot be compared; weights can.', what);
  return t('Run the text to compare {0}.', what);
}

/** What is seen, in few words: the measure and its cost, the inputs, the floor, and groups as a whole. */
export function explain(result: SimilarityResult, view: ExplorerView): string {
  const measure = shownMeasure(view);
  const isPooled = new Set(result.groups).size < result.n;
  const floor = t(
    'Floor {0} (most alike {1}). {2}',
    formatNumber(result.floor, 2),
    formatNumber(result.floorExtreme, 2),
    measure?.floorNote ?? '',
  );
  const groups =
    isPooled && result.ofGroup !== null
      ? t(
          'Groups as a whole: {0}; floor {1}.',
          Array.from(result.ofGroup, (share) => formatNumber(share, 2)).join(', '),
          formatNumber(result.groupFloor ?? 0, 2),
        )
      : '';
  const text = result.text === null ? '' : `On ${result.text}.`;
  const pooled = isPooled ? '' : t('Nothing is pooled: every head stays as it is.');
  return [measure?.description ?? '', text, floor, groups, pooled].filter((part) => part !== '').join(' ');
}
