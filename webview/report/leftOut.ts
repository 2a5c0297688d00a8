/** What is not in a report, in the reader's language. The command line has its own words: src/engine/report/leftOut.ts. */
import { t } from '@vscode/l10n';
import { namedParts, type LeftOut, type ReportContent, type ReportPartPlace } from '../../src/protocol/report';
import { layerTitle } from '../shared/labels';

type Named = Pick<ReportContent, 'explorer' | 'diff'>;

/** A sentence. @param content names layers and sides */
export function leftOutWords(leftOut: LeftOut, content: Named): string {
  switch (leftOut.kind) {
    case 'similarities': {
      const measures = leftOut.measures.join(', ');
      if (leftOut.on === 'weights') return t('Similarity of heads on weights by {0}: it takes long.', measures);
      if (leftOut.on === 'attention') return t('Similarity of attention maps by {0}: it takes long.', measures);
      return t('Similarity of heads on activations by {0}: it takes long.', measures);
    }
    case 'pooled':
      return t(
        'Maps in full: they are pooled to {0} cells a side, and a cell shows the largest of its weights.',
        leftOut.size,
      );
    case 'parts': {
      const places = placeWords(leftOut.places, content);
      if (leftOut.part === 'maps') return t('Maps: {0}.', places);
      if (leftOut.part === 'scores') return t('Scores: {0}.', places);
      return t('Exact weights, which are told as maps draw them, rounded by up to 3 %: {0}.', places);
    }
  }
}

function placeWords(places: readonly ReportPartPlace[], { explorer, diff }: Named): string {
  const { named, more } = namedParts(places);
  const list = named.map(({ side, layer }) => {
    const title = layerTitle(explorer.model, layer);
    if (side === 'original') return title;
    return side === 'converted' ? t('{0}, converted', title) : `${title}, ${diff?.sides[side].name ?? side}`;
  });
  return [...list, ...(more === 0 ? [] : [t('{0} more', more)])].join('; ');
}
