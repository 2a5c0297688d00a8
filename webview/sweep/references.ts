/**
 * The levels that a sweep is read against, as in the paper's figures: the checkpoint as it is (MHA, if it is that), and the
 * best that one KV head reaches (MQA). Pure; drawing is plotReferences.ts.
 */
import { t } from '@vscode/l10n';
import type { SweepResult } from '../../src/protocol/sweep';
import type { SweepY } from '../../src/protocol/sweepView';
import { headsTitle, measures, methodTitle, originalOf } from './lines';

export interface Reference {
  id: 'original' | 'mqa';
  /** With its number: "MHA (original) 3.340". */
  title: string;
  value: number;
}

/** The references of a measure, as far as they are measured; a checkpoint that is MQA itself has one. */
export function referencesOf(result: SweepResult, y: SweepY): Reference[] {
  const { value, format } = measures[y];
  const original = originalOf(result);
  const level = original === null ? null : value(original);
  const heads = headsTitle(result.model.G, result.model);
  const single = result.rows
    .filter(({ G, merge, error }) => G === 1 && merge !== null && error === null)
    .flatMap((row) => {
      const own = value(row);
      return own === null ? [] : [{ row, own }];
    })
    .toSorted((one, other) => (y === 'top1' ? other.own - one.own : one.own - other.own));
  const [best] = single;
  return [
    ...(level === null
      ? []
      : [{ id: 'original' as const, title: t('{0} (original) {1}', heads, format(level)), value: level }]),
    ...(best === undefined || result.model.G === 1
      ? []
      : [
          {
            id: 'mqa' as const,
            title:
              single.length > 1
                ? t('best MQA ({0}) {1}', methodTitle(best.row, result), format(best.own))
                : t('MQA {0}', format(best.own)),
            value: best.own,
          },
        ]),
  ];
}
