/**
 * A sweep as a page of its own: one file that works offline in any browser. Drawn by the same figures as the panel.
 * Role: reads the result that lies in the page, and follows the browser's colour scheme.
 */
import { t } from '@vscode/l10n';
import '../shared/palette.css';
import '../shared/base.css';
import '../shared/standalone.css';
import './sweep.css';
import type { SweepResult } from '../../src/protocol/sweep';
import type { SweepUi } from '../../src/protocol/views';
import { element } from '../shared/dom';
import { downloads } from '../shared/download';
import { FigureTools } from '../shared/figureTools';
import { followColorScheme } from '../shared/standalone';
import { SweepFigures, usualUi, type SweepView } from './figures';
import { originOf } from './origin';
import { describeText } from './words';

// The engine wrote it into this page: see src/engine/sweep/html.ts.
const result = JSON.parse(document.getElementById('gqa-lens-sweep')?.textContent ?? '') as SweepResult;
const { model } = result;
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
const shape = `${t('{0} layers × {1} heads', model.L, model.H)} · ${model.dtype.toLowerCase()} · ${model.familyTitle}`;
document
  .getElementById('root')
  ?.append(
    element(
      'main',
      { class: 'sweep', 'data-testid': 'sweep' },
      element(
        'header',
        { class: 'header' },
        element(
          'div',
          { class: 'identity' },
          element('h1', {}, model.name),
          element('span', { class: 'muted' }, shape),
        ),
      ),
      element('div', { class: 'status' }, ...describeText(result).map((text) => element('span', {}, text))),
      figures.element,
    ),
  );
followColorScheme();
draw();

function draw(): void {
  tools.render(figures.render(result, ui));
}
