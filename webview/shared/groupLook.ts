/**
 * How a KV group looks, in every figure: its colour, and for groups that share a colour the rhythm of its lines and bars.
 * Role: from a group's number to CSS variables. What they are is palette.css; it knows no DOM.
 */

/** Colours and rhythms in the palette: so many times so many groups look different (numbers tell all apart). */
export const GROUP_COLORS = 12;
export const GROUP_RHYTHMS = 6;

/** What has a style: an element of HTML or SVG. */
export interface Paintable {
  style: { setProperty(name: string, value: string): void };
}

/**
 * Gives an element, and what is in it, the look of a group: the variables --group, a colour; --group-dash, of lines in SVG;
 * --group-rhythm, of bars in HTML (class group-bar).
 */
export function paintGroup(target: Paintable, group: number): void {
  const rhythm = Math.floor(group / GROUP_COLORS) % GROUP_RHYTHMS;
  target.style.setProperty('--group', groupColor(group));
  target.style.setProperty('--group-dash', `var(--gqa-dash-${rhythm})`);
  target.style.setProperty('--group-rhythm', `var(--gqa-rhythm-${rhythm})`);
}

/** The same for all that a d3 selection holds. */
export function paintGroups<Item>(
  nodes: { each(paint: (this: Paintable, item: Item) => void): unknown },
  groupOf: (item: Item) => number,
): void {
  nodes.each(function (item) {
    paintGroup(this, groupOf(item));
  });
}

/** A KV group's colour as a CSS value, for what has no room for a rhythm. */
export function groupColor(group: number): string {
  return `var(--gqa-group-${group % GROUP_COLORS})`;
}
