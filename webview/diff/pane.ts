/** One of the large maps: its title, its numbers in words, the map with its tokens. Role: elements; what is drawn is largeMaps.ts. */
import { t } from '@vscode/l10n';
import type { AttentionTile } from '../../src/protocol/maps';
import { element } from '../shared/dom';
import { formatNumber } from '../shared/format';
import { Heatmap, type HeatmapEvents } from '../shared/heatmap';
import type { MapView } from '../shared/mapView';
import { TokenAxis } from '../shared/tokenAxis';
import type { Pane } from './view';

export interface MapPane {
  element: HTMLElement;
  title: HTMLElement;
  numbers: HTMLElement;
  map: Heatmap;
  axis: TokenAxis;
  look(view: MapView): void;
}

/** @param label the pointer is on the label of a token */
export function makePane(
  pane: Pane,
  events: HeatmapEvents,
  label: (token: { query: number | null; key: number | null }) => void,
): MapPane {
  const map = new Heatmap({ 'data-testid': 'diff-map', 'data-side': pane }, events);
  const axis = new TokenAxis(label);
  const title = element('h3');
  const numbers = element('div', { class: 'pane-numbers' });
  const attributes: Record<string, string> = {
    class: `pane pane-${pane}`,
    ...(pane === 'difference' ? {} : { 'data-testid': `pane-${pane}` }),
  };
  const labelled = element('div', { class: 'labelled-map' }, map.element, axis.element);
  return {
    element: element('section', attributes, title, numbers, labelled),
    ...{ title, numbers, map, axis },
    look: (view) => {
      map.look(view);
      axis.look(view);
    },
  };
}

/** What kind of head it is, in three numbers: of its probabilities, whatever is drawn. */
export function statistics(tile: AttentionTile, head: number): HTMLElement[] {
  const found = tile.statistics.find((own) => own.head === head);
  if (found === undefined) return [];
  const number = (label: string, value: string, title: string): HTMLElement =>
    element('span', { class: 'figure', title }, element('span', { class: 'muted' }, label), element('b', {}, value));
  return [
    number(
      t('entropy'),
      t('{0} bit', formatNumber(found.entropy, 2)),
      t('Over how much the weight of a query spreads; mean'),
    ),
    number(t('on first token'), formatNumber(found.firstToken, 2), t('Weight on the first token; mean over queries')),
    ...(found.distance === null
      ? []
      : [number(t('distance'), formatNumber(found.distance, 1), t('Tokens between query and key; mean by weight'))]),
  ];
}

/** A colour and what it means. */
export function colorKey(kind: 'less' | 'more', label: string): HTMLElement {
  return element('span', { class: 'figure' }, element('i', { class: `swatch ${kind}` }), label);
}
