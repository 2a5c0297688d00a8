/**
 * Making elements. Role: the few lines that every view needs to build its page without inline styles, which the
 * content security policy forbids.
 */

type Attributes = Record<string, string | number | boolean>;

/**
 * Makes an element. True attributes are set empty, false ones are left out; children that are strings become text.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

/** Calls `changed` with the width of an element now and whenever it changes. */
export function watchWidth(target: Element, changed: (width: number) => void): void {
  let last = 0;
  new ResizeObserver(() => {
    const width = Math.floor(target.getBoundingClientRect().width);
    if (width === last || width === 0) return;
    last = width;
    changed(width);
  }).observe(target);
}
