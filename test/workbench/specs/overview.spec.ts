// The overview as a user goes through it: a statistic of every group, held against the engine's maps; layers sorted, cells chosen
// with the mouse and with keys, layers scrubbed from anywhere; all of it again after a reload.
import type { FrameLocator, Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { choose, chosen } from '../harness/controls';
import { attentionOf } from '../harness/engineNumbers';
import { drawnExplorer, runOnSample } from '../harness/sampleRun';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const text = 'Watson looked at Holmes, and Holmes looked at the red hair of the man with the red hair.';
const H = 8;
const G = 2;

const explorer = (): Promise<FrameLocator> => workbench().webview('explorer');
const cell = (view: FrameLocator, layer: number, group: number): Locator =>
  view.locator(`.group-cell[data-layer="${layer}"][data-group="${group}"]`);
const layerShown = async (view: FrameLocator): Promise<number> => Number(await chosen(view, 'layer-picker'));

/** The numbers of all cells, [layer][group], once every layer has them. */
async function numbersOf(view: FrameLocator): Promise<number[][]> {
  await expect
    .poll(() => view.locator('.group-cell[data-value]:not(.stale)').count(), { timeout: 90_000, interval: 250 })
    .toBe(6 * G);
  const all = await view
    .locator('.group-cell')
    .evaluateAll((cells) => cells.map((one) => [one.dataset.layer, one.dataset.group, one.dataset.value].map(Number)));
  const numbers: number[][] = [];
  for (const [layer = NaN, group = NaN, value = NaN] of all) (numbers[layer] ??= [])[group] = value;
  return numbers;
}

/** Chooses another statistic, and gives its numbers: those of the one before stand until they have come. */
async function numbersBy(view: FrameLocator, statistic: string): Promise<number[][]> {
  const before = await numbersOf(view);
  await choose(view, 'statistic-picker', statistic);
  await expect.poll(() => numbersOf(view), { timeout: 90_000 }).not.toEqual(before);
  return numbersOf(view);
}

/** Layers from top to bottom. */
function rows(view: FrameLocator): Promise<number[]> {
  return view
    .locator('.overview-row.layer')
    .evaluateAll((all) =>
      all
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((row) => Number(row.dataset.layer)),
    );
}

/** Statistics of a layer's groups from its maps [H, S, S]: means over the group's heads, of means over queries. */
function plainStatistics(maps: Float32Array, S: number) {
  const heads = Array.from({ length: H }, (_, head) => {
    const sums = { entropy: 0, distance: 0, 'first-token': 0 };
    for (let query = 0; query < S; query++) {
      for (let key = 0; key < S; key++) {
        const weight = maps[(head * S + query) * S + key] ?? NaN;
        if (weight > 0) sums.entropy -= (weight * Math.log2(weight)) / S;
        sums.distance += (weight * Math.abs(query - key)) / S;
        if (key === 0) sums['first-token'] += weight / S;
      }
    }
    return sums;
  });
  return (name: 'entropy' | 'distance' | 'first-token'): number[] =>
    Array.from({ length: G }, (_, group) => {
      const own = heads.filter((_, head) => Math.floor(head / (H / G)) === group);
      return own.reduce((sum, head) => sum + head[name] / own.length, 0);
    });
}

test('tells every statistic of the engine’s maps', async () => {
  const view = await runOnSample(workbench(), text);
  const layer = 4;
  const { maps, S } = await attentionOf(text, layer);
  const expected = plainStatistics(maps, S);
  for (const name of ['entropy', 'distance', 'first-token'] as const) {
    const found = (await numbersBy(view, name))[layer] ?? [];
    expected(name).forEach((value, group) => expect(found[group]).toBeCloseTo(value, 3));
  }
  await workbench().screenshot('overview-first-token');
});

test('a cell tells all that is known of it, a click chooses it, a double click opens its maps', async () => {
  const view = await explorer();
  const entropy = (await numbersBy(view, 'entropy'))[1]?.[1] ?? NaN;
  await cell(view, 1, 1).hover();
  const card = view.getByTestId('overview-card');
  await expect.poll(() => card.isVisible()).toBe(true);
  expect(await card.innerText()).toContain('mean of Q 4–7');
  expect(await card.locator('[data-statistic="entropy"]').innerText()).toContain(entropy.toFixed(2));
  await cell(view, 1, 1).click();
  await expect.poll(() => layerShown(view)).toBe(1);
  await expect.poll(() => view.locator('.group-card').count(), { timeout: 30_000 }).toBe(1);
  expect(await view.locator('.group-card').getAttribute('data-group')).toBe('1');
  await cell(view, 1, 1).dblclick();
  const top = async (): Promise<number> => (await view.locator('.panel.maps').boundingBox())?.y ?? Infinity;
  await expect.poll(top, { timeout: 10_000 }).toBeLessThan(600);
});

test('keys go from cell to cell, and brackets through the layers from anywhere but a text box', async () => {
  const view = await explorer();
  const { page } = workbench();
  await cell(view, 1, 1).click();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => layerShown(view)).toBe(2);
  await expect.poll(() => view.locator('.group-cell:focus').getAttribute('data-layer')).toBe('2');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(() => view.locator('.group-cell:focus').getAttribute('data-group')).toBe('0');
  await page.keyboard.press('Home');
  await expect.poll(() => view.locator('.layer-name:focus').count()).toBe(1);
  await expect.poll(() => view.locator('.group-card').count(), { timeout: 30_000 }).toBe(G);
  await page.keyboard.press('Control+End');
  await expect.poll(() => layerShown(view)).toBe(5);
  await view.locator('.panel.assignment h2').click();
  await page.keyboard.press('[');
  await expect.poll(() => layerShown(view)).toBe(4);
  await page.keyboard.press(']');
  await expect.poll(() => layerShown(view)).toBe(5);
  const input = view.getByTestId('text-input');
  await input.focus();
  await page.keyboard.press('End');
  await page.keyboard.type('[');
  await expect.poll(() => input.inputValue()).toBe(`${text}[`);
  expect(await layerShown(view)).toBe(5);
  await page.keyboard.press('Backspace');
});

test('sorts the layers by their means and by their worst group, and comes back so after a reload', async () => {
  const view = await explorer();
  const numbers = await numbersBy(view, 'similarity');
  const by = (value: (groups: number[]) => number): number[] =>
    numbers
      .map((groups, layer) => ({ layer, value: value(groups) }))
      .sort((a, b) => a.value - b.value)
      .map(({ layer }) => layer);
  const lowestFirst = by((groups) => groups.reduce((sum, value) => sum + value, 0));
  await choose(view, 'layer-order', 'mean');
  await expect.poll(() => rows(view)).toEqual(lowestFirst);
  await view.getByTestId('layer-order-direction').click();
  await expect.poll(() => rows(view)).toEqual([...lowestFirst].reverse());
  // High is good: the worst group is the lowest.
  await choose(view, 'layer-order', 'worst');
  await expect.poll(() => rows(view)).toEqual(by((groups) => Math.min(...groups)).reverse());
  expect(await view.getByTestId('overview-note').innerText()).toMatch(/worst group, descending/);
  const before = await numbersBy(view, 'first-token');
  const order = await rows(view);
  await workbench().reload();
  const again = await drawnExplorer(workbench());
  expect(await chosen(again, 'statistic-picker')).toBe('first-token');
  expect(await numbersOf(again)).toEqual(before);
  expect(await rows(again)).toEqual(order);
});
