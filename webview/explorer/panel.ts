/**
 * The frame of a figure: a title that asks one question, controls beside it, the figure below.
 */
import { element } from '../shared/dom';

/** @param controls stands at the right of the title */
export function panel(name: string, title: HTMLElement, controls: HTMLElement, ...body: HTMLElement[]): HTMLElement {
  title.id = `title-${name}`;
  return element(
    'section',
    { class: `panel ${name}`, 'aria-labelledby': title.id },
    element('div', { class: 'panel-head' }, element('h2', {}, title), controls),
    ...body,
  );
}
