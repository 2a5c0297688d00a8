/** The legend of maps: a ramp of colours with numbers below it. What is on it is shared/mapColors.ts. */
import { t } from '@vscode/l10n';
import { element } from '../../shared/dom';
import type { MapLegend } from '../../shared/mapColors';
import './mapLegend.css';

/** A ramp with its numbers. @param isOneOfTwo says whose it is */
export function legendElement({ kind, colors, ticks }: MapLegend, isOneOfTwo: boolean): HTMLElement {
  const ramp = element('span', { class: 'ramp', 'aria-hidden': 'true' });
  ramp.style.backgroundImage = `linear-gradient(to right, ${colors.join(', ')})`;
  const marks = ticks.map(({ text, position }) => {
    const tick = element('span', { class: 'tick' }, text);
    tick.style.left = `${position * 100}%`;
    return tick;
  });
  const whose = kind === 'differences' ? t('member − mean') : t('mean');
  const legend = element('div', { class: 'map-legend', 'data-kind': kind }, ramp, ...marks);
  return isOneOfTwo
    ? element('div', { class: 'named-legend' }, element('span', { class: 'muted' }, whose), legend)
    : legend;
}
