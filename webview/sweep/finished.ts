/** A sweep's result that nobody adds to: the panel's figures without a host. Role: what pages that stand alone show of it. */
import './sweep.css';
import { t } from '@vscode/l10n';
import { translateMethods } from '../../src/protocol/methodWords';
import type { SweepResult } from '../../src/protocol/sweep';
import type { SweepUi } from '../../src/protocol/sweepView';
import { element } from '../shared/dom';
import { downloads } from '../shared/download';
import { FigureTools } from '../shared/figureTools';
import { SweepFigures, usualUi, type SweepView } from './figures';
import { originOf } from './origin';
import { describeText } from './words';

/** Makes the page's main part. @param above what stands at the top of it */
export function finishedSweep(saved: SweepResult, ...above: HTMLElement[]): HTMLElement {
  const { groupings, merges } = saved.methods;
  // Files of sweeps are in English.
  const methods = { groupings: translateMethods(groupings, t), merges: translateMethods(merges, t) };
  const result = { ...saved, methods };
  let ui: SweepUi = usualUi;
  const figures = new SweepFigures({
    choose(chosen) {
      ui = { ...ui, ...chosen };
      draw();
    },
    open: null,
  });
  const tools = new FigureTools<SweepView>({
    ...{ figures: figures.figures, host: downloads, origin: () => originOf(result) },
    failed: (error) => console.error(error),
    changed: () => undefined,
    tables: [],
  });
  const draw = (): void => tools.render(figures.render(result, ui));
  draw();
  return element(
    'main',
    { class: 'sweep', 'data-testid': 'sweep' },
    ...above,
    element('div', { class: 'status' }, ...describeText(result).map((text) => element('span', {}, text))),
    figures.element,
  );
}
