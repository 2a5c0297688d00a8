/** The overview's numbers for tables and files: every statistic of every group. */
import { t } from '@vscode/l10n';
import type { FigureNumbers } from '../../shared/figure';
import { describeHeads } from '../../shared/headOrder';
import { layerTitle } from '../../shared/labels';
import type { ExplorerData } from '../data';
import { cellsOf } from './overviewCells';
import { meanOf } from './overviewNumbers';
import { isOffered, statistics } from './statistics';
import type { ExplorerView } from '../view';

/** A row a group, of what has come. @param layers in the order of the rows */
export function overviewTable(view: ExplorerView, layers: readonly number[], data: ExplorerData): FigureNumbers {
  const { model } = view.snapshot;
  const shown = statistics.filter((statistic) => isOffered(statistic, view));
  return {
    title: t('{0}: statistics of every group, each the mean of its heads', model.name),
    columns: [
      t('Layer'),
      t('KV head'),
      t('Query heads'),
      ...shown.map(({ title, unit }) => (unit() === '' || unit() === '%' ? title() : `${title()} (${unit()})`)),
    ],
    rows: layers.flatMap((layer) =>
      cellsOf(view, layer).map(({ group, heads, isGrouped }) => [
        layerTitle(model, layer),
        isGrouped ? group : null,
        describeHeads(heads),
        ...shown.map((statistic) => {
          const numbers = statistic.peek(view, layer, data);
          return numbers && meanOf(numbers, group);
        }),
      ]),
    ),
  };
}
