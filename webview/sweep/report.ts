/**
 * A sweep as a page of its own: one file that works offline in any browser. Drawn by the same figures as the panel.
 * Role: reads the result that lies in the page, and follows the browser's colour scheme.
 */
import '../shared/language';
import { t } from '@vscode/l10n';
import '../shared/palette.css';
import '../shared/base.css';
import '../shared/standalone.css';
import type { SweepResult } from '../../src/protocol/sweep';
import { element } from '../shared/dom';
import { followColorScheme } from '../shared/standalone';
import { finishedSweep } from './finished';

// The engine wrote it into this page: see src/engine/sweep/html.ts.
const result = JSON.parse(document.getElementById('gqa-lens-sweep')?.textContent ?? '') as SweepResult;
const { model } = result;

const shape = `${t('{0} layers × {1} heads', model.L, model.H)} · ${model.dtype.toLowerCase()} · ${model.familyTitle}`;
const identity = element(
  'div',
  { class: 'identity' },
  element('h1', {}, model.name),
  element('span', { class: 'muted' }, shape),
);
followColorScheme();
document.title = t('{0}: KV heads and what they cost', model.name);
document.getElementById('root')?.append(finishedSweep(result, element('header', { class: 'header' }, identity)));
