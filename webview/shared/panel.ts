/**
 * The frame that every figure stands in: a title, controls beside it, a place for the figure's menu, the figure below.
 * Role: elements only. The menu, the table and the files are figureTools.ts.
 */
import { element } from './dom';
import './figures.css';

/**
 * A figure of the page.
 * @param name unique in the page; a class of the frame, and the name of the figure for menus and files
 * @param title what the figure is, or asks; the caller may change its text
 * @param controls stands at the right of the title
 */
export function panel(name: string, title: HTMLElement, controls: HTMLElement, ...body: HTMLElement[]): HTMLElement {
  title.id = `title-${name}`;
  return element(
    'section',
    { class: `panel ${name}`, 'data-figure': name, 'aria-labelledby': title.id },
    element('div', { class: 'panel-head' }, element('h2', {}, title), controls),
    ...body,
  );
}

/** A figure within another one. */
export function part(name: string, title: HTMLElement, ...body: HTMLElement[]): HTMLElement {
  title.id = `title-${name}`;
  return element(
    'div',
    { class: `figure-part ${name}`, 'data-figure': name, role: 'group', 'aria-labelledby': title.id },
    element('div', { class: 'panel-head' }, element('h3', {}, title)),
    ...body,
  );
}

/** The name that `panel` or `part` gave a figure. */
export function figureName(frame: HTMLElement): string {
  return frame.dataset.figure ?? '';
}

/** What a figure is headed by now. */
export function figureTitle(frame: HTMLElement): string {
  return document.getElementById(`title-${figureName(frame)}`)?.textContent.trim() ?? figureName(frame);
}
