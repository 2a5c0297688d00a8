/** What is not in a report, in the words of the command line. The page has its own, which are translated: webview/report/leftOut.ts. */
import type { LayerView } from '../../protocol/model';
import { namedParts, type LeftOut, type ReportSide } from '../../protocol/report';
import type { SideId, SideView } from '../../protocol/sides';

const kinds = { maps: 'Maps', weights: 'Exact weights', scores: 'Scores' };

type Sides = Record<SideId, Pick<SideView, 'name'>>;

/**
 * A sentence.
 * @param layers of the checkpoint
 * @param sides of the comparison; null without one
 */
export function describeLeftOut(
  leftOut: LeftOut,
  layers: readonly Pick<LayerView, 'title'>[],
  sides: Sides | null,
): string {
  switch (leftOut.kind) {
    case 'similarities':
      return `Similarity of heads on ${leftOut.on} by ${leftOut.measures.join(', ')}: it takes long.`;
    case 'pooled':
      return `Maps in full: they are pooled to ${leftOut.size} cells a side, and a cell shows the largest of its weights.`;
    case 'parts': {
      const { named, more } = namedParts(leftOut.places);
      const list = named.map(
        ({ side, layer }) => `${layers[layer]?.title ?? `layer ${layer}`}${sideWords(side, sides)}`,
      );
      const instead = leftOut.part === 'weights' ? ': they are told as maps draw them, rounded by up to 3 %' : '';
      return `${kinds[leftOut.part]} of ${[...list, ...(more === 0 ? [] : [`${more} more`])].join('; ')}${instead}.`;
    }
  }
}

function sideWords(side: ReportSide, sides: Sides | null): string {
  if (side === 'original') return '';
  return `, ${side === 'converted' ? 'converted' : (sides?.[side].name ?? side)}`;
}
