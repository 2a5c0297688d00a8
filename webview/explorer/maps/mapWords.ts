/** What the explorer's maps show, in words: legends and titles. Pure. */
import { t } from '@vscode/l10n';
import type { MapLegend } from '../../shared/mapColors';
import { layerTitle } from '../../shared/labels';
import { shownGroups, type ExplorerView } from '../view';

/** Whether members are drawn as what they have more than their mean. */
export function showsDeviations({ ui }: Pick<ExplorerView, 'ui'>): boolean {
  return ui.memberMaps === 'deviations';
}

/** What a ramp stands for: '' where maps are what everybody expects, and are all of one kind. */
export function legendName({ kind }: Pick<MapLegend, 'kind'>, view: ExplorerView): string {
  const isScores = view.ui.mapValues === 'scores';
  if (kind === 'differences') return isScores ? t('score − mean score') : t('member − mean');
  const isOneOfTwo = showsDeviations(view) && shownGroups(view).some((heads) => heads.length > 1);
  if (isOneOfTwo) return isScores ? t('mean score') : t('mean');
  return isScores ? t('score') : '';
}

/** What a file of all maps holds. */
export function fileTitle(view: ExplorerView): string {
  const { ui, snapshot } = view;
  const layer = layerTitle(snapshot.model, ui.layer);
  const isConverted = ui.mapsOf === 'converted';
  if (ui.mapValues === 'scores')
    return isConverted
      ? t('Scores before the softmax of {0}, converted', layer)
      : t('Scores before the softmax of {0}', layer);
  return isConverted ? t('Attention weights of {0}, converted', layer) : t('Attention weights of {0}', layer);
}

/** What a table of one token's numbers holds. */
export function tokenTitle({ ui }: ExplorerView, query: number, text: string): string {
  return ui.mapValues === 'scores'
    ? t('Scores before the softmax from token {0}, “{1}”', query, text)
    : t('Attention from token {0}, “{1}”', query, text);
}
