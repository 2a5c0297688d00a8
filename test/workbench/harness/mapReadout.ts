// What an attention map tells under the pointer.
import type { FrameLocator, Locator } from 'playwright-core';
import { expect } from 'vitest';

export interface MapReadout {
  query: number;
  key: number;
  weight: number;
}

/**
 * Points at a place of a map, given in shares of its size, until the readout has the exact weight. Maps that arrive move
 * others, and what moves under a pointer that rests is not pointed at: so it is pointed again.
 */
export async function pointAt(view: FrameLocator, map: Locator, x: number, y: number): Promise<MapReadout> {
  const readout = view.getByTestId('readout');
  const found: MapReadout[] = [];
  const point = async (): Promise<boolean> => {
    await map.scrollIntoViewIfNeeded();
    const box = await map.boundingBox();
    if (!box) return false;
    await map.hover({ position: { x: box.width * x, y: box.height * y } });
    if (!(await readout.isVisible())) return false;
    // All at once: what is told of one cell must not be read together with the weight of the next.
    const [exact, ...numbers] = await readout.evaluate(({ dataset }) => [
      dataset.exact,
      ...[dataset.query, dataset.key, dataset.weight].map(Number),
    ]);
    if (exact !== 'true') return false;
    const [query = NaN, key = NaN, weight = NaN] = numbers.map(Number);
    found.push({ query, key, weight });
    return true;
  };
  await map.page().mouse.move(5, 5);
  await expect.poll(point, { timeout: 60_000, interval: 100 }).toBe(true);
  const [last] = found.slice(-1);
  if (last === undefined) throw new Error('The readout told nothing.');
  return last;
}
