/**
 * The tiles of the comparison's large maps as far as they have come, each with the large head's cells alone: all of a map
 * coarse, and of what is looked at more. Role: asking for them; whose they are is paneMaps.ts.
 */
import type { AttentionTile } from '../../src/protocol/maps';
import type { MapPixels, MapsOf, MapTiles } from '../shared/mapTiles';
import type { MapView } from '../shared/mapView';
import { changeMaps, drawnChange, headMaps, needsEngine, showsDeviations, shownTile } from './paneMaps';
import { tokensOf, type DiffView, type Pane, type Side } from './view';

export interface PaneTiles {
  whole: AttentionTile | null;
  part: AttentionTile | null;
  /** Why there are none. */
  failure: string | null;
}

const NOTHING: PaneTiles = { whole: null, part: null, failure: null };

/** Asks for the tiles of all three maps. @param pixels device pixels of a map's side; 0 before it is laid out */
export function paneTiles(maps: MapTiles, view: DiffView, pixels: number, mapView: MapView): Record<Pane, PaneTiles> {
  if (pixels === 0) return { a: NOTHING, difference: NOTHING, b: NOTHING };
  const ask = (of: MapsOf | null): PaneTiles => {
    if (of === null) return NOTHING;
    const size: MapPixels = { mean: pixels, members: of.meanOnly === true ? 0 : pixels };
    const { tile, error } = maps.whole(of, tokensOf(view), size);
    const part = tile && maps.part(of, tile, mapView, size);
    const ofHead = (one: AttentionTile | null): AttentionTile | null => one && shownTile(one, view.ui.head);
    return { whole: ofHead(tile), part: ofHead(part), failure: error?.message ?? null };
  };
  const side = (which: Side): PaneTiles => ask(headMaps(view, which));
  const [a, b] = [side('a'), side('b')];
  return { a, difference: change(view, a.whole, b.whole, ask), b };
}

/**
 * What changed. Of weights with a cell each it is taken here: their codes tell it. Otherwise the engine takes the maps from
 * each other, before it pools them. A host that cannot gives the difference of what is drawn.
 */
function change(
  view: DiffView,
  a: AttentionTile | null,
  b: AttentionTile | null,
  ask: (of: MapsOf | null) => PaneTiles,
): PaneTiles {
  // While one side is finer than the other, nothing is said of both.
  if (a === null || b === null) return NOTHING;
  if (a.mean.columns !== b.mean.columns) return NOTHING;
  const drawn = (): PaneTiles => ({ ...NOTHING, whole: drawnChange(a, b, view.ui.hideFirstToken) });
  if (!needsEngine(view, b, showsDeviations(view))) return drawn();
  const asked = ask(changeMaps(view));
  const kind = asked.whole?.mean.coding.kind ?? 'differences';
  return asked.failure !== null || kind !== 'differences' ? drawn() : asked;
}
