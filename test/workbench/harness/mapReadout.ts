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
  const point = async (): Promise<string | null> => {
    await map.scrollIntoViewIfNeeded();
    const box = await map.boundingBox();
    if (!box) return null;
    await map.hover({ position: { x: box.width * x, y: box.height * y } });
    return (await readout.isVisible()) ? readout.getAttribute('data-exact') : null;
  };
  await map.page().mouse.move(5, 5);
  await expect.poll(point, { timeout: 60_000, interval: 100 }).toBe('true');
  const read = async (name: string): Promise<number> => Number(await readout.getAttribute(`data-${name}`));
  return { query: await read('query'), key: await read('key'), weight: await read('weight') };
}
