/** What a figure of the comparison is of, for its files. Pure. */
import { t } from '@vscode/l10n';
import type { FigureOrigin } from '../shared/figure';
import { layerTitle } from '../shared/labels';
import { conversionWords, dtypeWords, shapeWords } from '../shared/origin';
import { shownModel, type DiffView, type Side } from './view';

/** Figures of the layer that is chosen; the others are of all layers, or of what comes out. */
const ofLayer = new Set(['large-maps', 'heads']);

export function originOf({ snapshot, ui }: DiffView, figure: string): FigureOrigin {
  const { model, state, sides, registries, compare } = snapshot;
  const words = (side: Side): string => {
    const { model: own, conversion, name } = sides[side];
    if (own === null) return name;
    return `${own.name} (${(conversion && conversionWords(conversion, own, registries)) ?? t('as it is')})`;
  };
  return {
    model: model.name,
    shape: shapeWords(model),
    text: compare === null ? null : state.text,
    layer: ofLayer.has(figure) ? layerTitle(shownModel(snapshot), ui.layer) : null,
    conversion: t('{0} against {1}', words('b'), words('a')),
    adapter: compare?.a.adapter ?? null,
    dtype: dtypeWords(model, compare?.a ?? null),
  };
}
