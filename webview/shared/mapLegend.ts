/** The legend of maps: a ramp of colours with numbers below it. What is on it is mapColors.ts, what it is called each page's. */
import { element } from './dom';
import type { MapLegend } from './mapColors';
import './mapLegend.css';

/** A ramp with its numbers. @param name what they are of; '' where that goes without saying */
export function legendElement({ kind, colors, ticks }: MapLegend, name: string): HTMLElement {
  const ramp = element('span', { class: 'ramp', 'aria-hidden': 'true' });
  ramp.style.backgroundImage = `linear-gradient(to right, ${colors.join(', ')})`;
  const marks = ticks.map(({ text, position }) => {
    const tick = element('span', { class: 'tick' }, text);
    tick.style.left = `${position * 100}%`;
    return tick;
  });
  const legend = element('div', { class: 'map-legend', 'data-kind': kind }, ramp, ...marks);
  return name === ''
    ? legend
    : element('div', { class: 'named-legend' }, element('span', { class: 'muted' }, name), legend);
}
