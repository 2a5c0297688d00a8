/**
 * What the overview can tell of every group: the registry that its picker, cells, card, order and table read. Adding a
 * statistic touches this file.
 * Role: what is asked for and which number each head gets; groups and layers are means of them (overviewNumbers.ts).
 */
import { t } from '@vscode/l10n';
import type { AttentionStatistics } from '../../../src/protocol/maps';
import { formatNumber, formatPercent } from '../../shared/format';
import type { Lazy, LazyCache } from '../../shared/lazy';
import type { ExplorerData } from '../data';
import { damageRequest, shownMeasure, shownRun, similarityRequest, type ExplorerView } from '../view';

/** Numbers of a layer's heads. */
export interface HeadNumbers {
  /** [n] of each head; null where a head has none. */
  values: ArrayLike<number | null>;
  /** [n] the group that each belongs to. */
  groups: readonly number[];
}

export interface Statistic {
  id: string;
  title: () => string;
  /** One line: what it is and how to read it. */
  description: (view: ExplorerView) => string;
  /** What its numbers are in, for columns of a table; "" for a share. */
  unit: () => string;
  /** Which numbers are good; null where neither end is. */
  good: (view: ExplorerView) => 'high' | 'low' | null;
  format: (value: number) => string;
  /** The largest number that there can be, where its bars should end; null ends them at the largest that is shown. */
  most: number | null;
  /** Whether a layer has such numbers at all under what is chosen. */
  applies: (view: ExplorerView, layer: number) => boolean;
  /** A layer's numbers as far as they have arrived. */
  peek: (view: ExplorerView, layer: number, data: ExplorerData) => HeadNumbers | null;
  /** Asks for them. */
  ask: (view: ExplorerView, layer: number, data: ExplorerData) => Lazy<unknown>;
}

type Source = Pick<Statistic, 'applies' | 'peek' | 'ask'>;

/** The statistics that are offered, in the order of the picker. */
export const statistics: readonly Statistic[] = [
  {
    id: 'similarity',
    title: () => t('Pooled similarity'),
    description: (view) =>
      t(
        'How alike the heads are to the one that would replace them: what the similarity figure compares, {0}.',
        [
          view.ui.similarityTarget === 'maps' ? t('maps') : view.ui.similarityTarget.toUpperCase(),
          shownMeasure(view)?.title ?? '',
        ].join(' · '),
      ),
    unit: () => '',
    good: (view) => shownMeasure(view)?.alike ?? null,
    format: (value) => formatNumber(value, 2),
    most: 1,
    ...from(
      (data) => data.similarities,
      (view, layer) => (isPooled(view, layer) ? similarityRequest(view, layer) : null),
      ({ toPooled, groups }) => ({ values: toPooled, groups }),
    ),
  },
  ofMaps({
    id: 'entropy',
    title: () => t('Entropy'),
    description: () => t('How widely attention is spread: 0 bit looks at one token, 3 bit evenly at 8.'),
    unit: () => t('bit'),
    format: (value) => formatNumber(value, 2),
    most: null,
    of: ({ entropy }) => entropy,
  }),
  ofMaps({
    id: 'distance',
    title: () => t('Mean distance'),
    description: () => t('How many tokens lie between a token and what it looks at.'),
    unit: () => t('tokens'),
    format: (value) => formatNumber(value, 1),
    most: null,
    of: ({ distance }) => distance,
  }),
  ofMaps({
    id: 'first-token',
    title: () => t('First-token mass'),
    description: () => t('The share of attention that the first token takes: where heads rest that look for nothing.'),
    unit: () => '',
    format: (value) => formatNumber(value, 2),
    most: 1,
    of: ({ firstToken }) => firstToken,
  }),
  ofDamage({
    id: 'predicted-damage',
    title: () => t('Predicted damage'),
    description: () =>
      t(
        'At most by how much the conversion changes what a head adds to the stream, from the changes of keys and values.',
      ),
    of: (byValues, byKeys) => byValues + byKeys,
  }),
  ofDamage({
    id: 'observed-damage',
    title: () => t('Observed damage'),
    description: () => t('By how much the conversion changes what a head adds to the stream, on this text.'),
    of: (_byValues, _byKeys, observed) => observed,
  }),
];

/** The chosen statistic where some layer has it, else the first that some layer has; null before there is any. */
export function shownStatistic(view: ExplorerView): Statistic | null {
  const offered = statistics.filter((statistic) => isOffered(statistic, view));
  return offered.find(({ id }) => id === view.ui.statistic) ?? offered[0] ?? null;
}

/** Whether any layer has such numbers under what is chosen. */
export function isOffered(statistic: Statistic, view: ExplorerView): boolean {
  return view.snapshot.model.layers.some((_, layer) => statistic.applies(view, layer));
}

/** Whether a conversion merges heads of a layer. */
function isPooled({ snapshot: { model, grouping } }: ExplorerView, layer: number): boolean {
  return grouping.G < model.G && model.layers[layer]?.grouped !== false;
}

/** [H] the overview's group of each query head: what conversions leave alone stands together. */
export function groupsOfHeads({ snapshot: { model, grouping } }: ExplorerView, layer: number): number[] {
  const groupOfHead = grouping.groupOfHead[layer] ?? [];
  return model.layers[layer]?.grouped === false ? groupOfHead.map(() => 0) : groupOfHead;
}

/** A statistic of the attention maps that are drawn: of the original's or of the converted model's. */
function ofMaps({
  of,
  ...said
}: Omit<Statistic, 'good' | keyof Source> & { of: (statistics: AttentionStatistics) => number | null }): Statistic {
  return {
    ...said,
    good: () => null,
    ...from(
      (data) => data.statistics,
      (view, layer) => {
        const run = shownRun(view);
        return run === null ? null : { runId: run.runId, layer };
      },
      (result, view, layer) => ({ values: result.statistics.map(of), groups: groupsOfHeads(view, layer) }),
    ),
  };
}

function ofDamage({
  of,
  ...said
}: Pick<Statistic, 'id' | 'title' | 'description'> & {
  of: (byValues: number, byKeys: number, observed: number) => number;
}): Statistic {
  return {
    ...said,
    unit: () => '%',
    good: () => 'low',
    format: (value) => formatPercent(value),
    most: null,
    ...from(
      (data) => data.damages,
      (view, layer) => (isPooled(view, layer) ? damageRequest(view, layer) : null),
      ({ observed, byValues, byKeys }, view, layer) => ({
        values: Array.from(observed, (value, head) => of(byValues[head] ?? NaN, byKeys[head] ?? NaN, value)),
        groups: groupsOfHeads(view, layer),
      }),
    ),
  };
}

/** @param request null where the layer has no such numbers */
function from<Request, Result>(
  cacheOf: (data: ExplorerData) => LazyCache<Request, Result>,
  request: (view: ExplorerView, layer: number) => Request | null,
  read: (result: Result, view: ExplorerView, layer: number) => HeadNumbers,
): Source {
  return {
    applies: (view, layer) => request(view, layer) !== null,
    peek: (view, layer, data) => {
      const asked = request(view, layer);
      const result = asked && cacheOf(data).peek(asked);
      return result === null ? null : read(result, view, layer);
    },
    ask: (view, layer, data) => {
      const asked = request(view, layer);
      if (asked === null) throw new Error(`layer ${layer} has no such numbers`);
      return cacheOf(data).get(asked);
    },
  };
}
