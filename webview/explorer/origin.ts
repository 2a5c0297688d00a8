/** What a figure of the explorer is of, for its files. Pure. */
import type { FigureOrigin } from '../shared/figure';
import { layerTitle } from '../shared/labels';
import { conversionWords, dtypeWords, shapeWords } from '../shared/origin';
import { shownRun, type ExplorerView } from './view';

/** Figures that show all layers, or none. */
const ofWholeModel = new Set(['overview', 'divergence']);

export function originOf(view: ExplorerView, figure: string): FigureOrigin {
  const { model, state, registries } = view.snapshot;
  const run = shownRun(view);
  return {
    model: model.name,
    shape: shapeWords(model),
    text: run === null ? null : state.text,
    layer: ofWholeModel.has(figure) ? null : layerTitle(model, view.ui.layer),
    conversion: conversionWords(state.conversion, model, registries),
    adapter: run?.adapter ?? null,
    dtype: dtypeWords(model, run),
  };
}
