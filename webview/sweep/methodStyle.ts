/**
 * How a method looks: colour and marker by its merge, dashes by its grouping, so that no two differ in colour alone.
 */
import { symbol, symbolsFill, type SymbolType } from 'd3';

/** Colours in the palette; more merges than this repeat them, with another marker. */
const COLORS = 12;
const DASHES = ['', '7 3', '2 3', '9 3 2 3', '5 2 1 2 1 2'];

/** A merge's colour as a CSS value. @param merge its place among the sweep's merges */
export function methodColor(merge: number): string {
  return `var(--gqa-method-${merge % COLORS})`;
}

/** A merge's marker. */
export function methodMarker(merge: number): SymbolType {
  const marker = symbolsFill[merge % symbolsFill.length];
  if (marker === undefined) throw new Error('d3 has no symbols');
  return marker;
}

/** A merge's marker as a drawing of its own, for tables. @param merge -1 is the original */
export function markerIcon(merge: number): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const icon = document.createElementNS(namespace, 'svg');
  icon.setAttribute('class', 'marker-icon');
  icon.setAttribute('viewBox', '-6 -6 12 12');
  icon.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS(namespace, 'path');
  shape.setAttribute('d', symbol(methodMarker(Math.max(0, merge)), 48)() ?? '');
  shape.style.fill = merge < 0 ? 'var(--ink)' : methodColor(merge);
  icon.append(shape);
  return icon;
}

/** A grouping's dashes, for stroke-dasharray. @param grouping its place among the sweep's groupings */
export function methodDash(grouping: number): string {
  return DASHES[grouping % DASHES.length] ?? '';
}
