/** What the maps show, in words: titles, legends, what a colour of their difference means. Pure. */
import { t } from '@vscode/l10n';
import type { DiffUi } from '../../src/protocol/diffView';
import type { CellCoding } from '../../src/protocol/maps';
import { layerTitle } from '../shared/labels';
import { headSets, showsDeviations } from './paneMaps';
import { groupOfShownHead, shownModel, type DiffView, type Pane } from './view';

/** "Q3", or "Q3 − mean of KV 1". */
export function headWords(view: DiffView): string {
  const head = `Q${view.ui.head}`;
  return showsDeviations(view) ? `${head} − ${t('mean of KV {0}', groupOfShownHead(view))}` : head;
}

/** Scores are no probabilities, and it is said wherever they are shown. */
export function valueWords({ mapValues }: Pick<DiffUi, 'mapValues'>): string {
  return mapValues === 'scores' ? t('scores before the softmax') : t('probabilities');
}

export function largeMapsTitle(view: DiffView): string {
  const layer = layerTitle(shownModel(view.snapshot), view.ui.layer);
  const title = t('{0} of {1} on both sides', headWords(view), layer);
  return view.ui.mapValues === 'scores' ? `${title}: ${valueWords(view.ui)}` : title;
}

/** What the colours of both sides' maps stand for. */
export function legendWords(view: DiffView): string {
  if (view.ui.mapValues === 'scores') return showsDeviations(view) ? t('score − mean score') : t('score');
  return showsDeviations(view) ? t('probability − mean') : t('probability');
}

/** What the colours of the small maps stand for; heads that share no KV head are drawn as they are, beside others minus a mean. */
export function headLegendWords({ ui }: DiffView, kind: CellCoding['kind']): string {
  const isScore = ui.mapValues === 'scores';
  if (kind === 'differences') return isScore ? t('score − mean score') : t('probability − mean');
  return isScore ? t('score') : t('probability');
}

/** What the small maps show, and in which order. */
export function headMapsNote(view: DiffView): string {
  const { ui, snapshot } = view;
  return [
    t('Maps, from above: {0}, {1}, their difference.', snapshot.sides.a.name, snapshot.sides.b.name),
    ui.mapValues === 'scores' ? t('They show scores before the softmax.') : '',
    headSets(view).some(({ deviates }) => deviates)
      ? t('Each is minus the mean of the heads that share its KV group.')
      : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** What a pane is called. */
export function paneTitle(view: DiffView, pane: Pane): string {
  const { sides } = view.snapshot;
  return `${pane === 'difference' ? t('Difference') : sides[pane].name} · ${headWords(view)}`;
}

/** What the colour of a side means in the difference: probabilities are shares of a whole, other numbers are not. */
export function moreWords(view: DiffView, side: 'a' | 'b'): string {
  const { name } = view.snapshot.sides[side];
  const isShare = view.ui.mapValues === 'probabilities' && !showsDeviations(view);
  return isShare ? t('more in {0}', name) : t('higher in {0}', name);
}
