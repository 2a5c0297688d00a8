// The text and who looks at what in it: lines and shades, from a token and to it, held against the engine's maps; pinned and let
// go, by mouse and by keys; again after a reload.
import type { FrameLocator } from 'playwright-core';
import { expect, test } from 'vitest';
import { choose, chosen } from '../harness/controls';
import { attentionOf } from '../harness/engineNumbers';
import { drawnExplorer, runOnSample } from '../harness/sampleRun';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const text = 'Watson looked at Holmes, and Holmes looked at the red hair of the man with the red hair.';
const R = 4;
const LEAST = 0.02;

interface DrawnLine {
  series: string;
  query: number;
  key: number;
  weight: number;
}

let maps = new Float32Array();
let S = 0;
/** The engine's mean of a group of four. */
const mean = (group: number, query: number, key: number): number =>
  Array.from({ length: R }, (_, head) => maps[((group * R + head) * S + query) * S + key] ?? NaN).reduce(
    (sum, weight) => sum + weight / R,
    0,
  );

const explorer = (): Promise<FrameLocator> => workbench().webview('explorer');

/** The lines once the exact weights have come. */
async function lines(view: FrameLocator): Promise<DrawnLine[]> {
  const exact = async (): Promise<boolean> => {
    const lists = view.getByTestId('attended').locator('.attended-group');
    const said = await lists.evaluateAll((all) => all.map((list) => list.dataset.exact));
    return said.length > 0 && said.every((one) => one === 'true');
  };
  await expect.poll(exact, { timeout: 30_000 }).toBe(true);
  return view.getByTestId('attention-line').evaluateAll((all) =>
    all.map((line) => ({
      series: line.dataset.series ?? '',
      query: Number(line.dataset.query),
      key: Number(line.dataset.key),
      weight: Number(line.dataset.weight),
    })),
  );
}

/** Asserts that these are the lines of some pairs: all that are strong enough, each with the engine's weight. */
function expectLines(found: readonly DrawnLine[], pairs: readonly (readonly [number, number])[]): void {
  const strong = [0, 1].flatMap((group) =>
    pairs.flatMap(([query, key]) => {
      const weight = mean(group, query, key);
      // At the limit itself, float32 and float64 may differ.
      return Math.abs(weight - LEAST) < 1e-5 ? [] : [{ series: `KV ${group}`, query, key, weight }];
    }),
  );
  for (const { series, query, key, weight } of strong) {
    const drawn = found.find((line) => line.series === series && line.query === query && line.key === key);
    if (weight < LEAST) expect(drawn).toBeUndefined();
    else expect(drawn?.weight).toBeCloseTo(weight, 5);
  }
  expect(found.filter(({ query, key }) => !pairs.some(([q, k]) => q === query && k === key))).toEqual([]);
}

test('lines show what a token looks at, and who looks at it', async () => {
  const view = await runOnSample(workbench(), text);
  const layer = Number(await chosen(view, 'layer-picker'));
  const engine = await attentionOf(text, layer);
  [maps, S] = [Float32Array.from(engine.maps), engine.S];
  await choose(view, 'text-mode', 'lines');
  await view.locator('.panel.text').scrollIntoViewIfNeeded();
  // Nothing is looked at: the lines of all rows in sight.
  await expect.poll(() => view.getByTestId('attention-line').count(), { timeout: 30_000 }).toBeGreaterThan(20);
  await view.getByTestId('lines-query').locator('[data-token="9"]').hover();
  await expect.poll(() => view.locator('#title-text').innerText()).toMatch(/^What “.*” looks at$/);
  expectLines(
    await lines(view),
    Array.from({ length: S }, (_, key) => [9, key]),
  );
  await workbench().screenshot('text-lines');
  await view.getByTestId('lines-key').locator('[data-token="5"]').hover();
  await expect.poll(() => view.locator('#title-text').innerText()).toMatch(/^Who looks at/);
  expectLines(
    await lines(view),
    Array.from({ length: S }, (_, query) => [query, 5]),
  );
});

test('a click keeps a token, Escape lets it go, and arrows go from token to token', async () => {
  const view = await explorer();
  const { page } = workbench();
  const title = view.locator('#title-text');
  await view.getByTestId('lines-query').locator('[data-token="12"]').click();
  await page.mouse.move(5, 5);
  await expect.poll(() => view.locator('.line-column.query .selected').count()).toBe(1);
  expectLines(
    await lines(view),
    Array.from({ length: S }, (_, key) => [12, key]),
  );
  await page.keyboard.press('ArrowDown');
  await expect.poll(async () => (await lines(view)).every(({ query }) => query === 13)).toBe(true);
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => title.innerText()).toMatch(/^Who looks at/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await view.locator('.panel.assignment h2').click();
  await expect.poll(() => title.innerText()).toBe('Text');
});

test('shades are as strong as the weights', async () => {
  const view = await explorer();
  await choose(view, 'text-mode', 'shades');
  await choose(view, 'text-direction', 'from');
  await view.getByTestId('text-chips').getByText('KV 1').click();
  await view.locator('.text-strip [data-token="9"]').click();
  await lines(view);
  const weights = Array.from({ length: 10 }, (_, key) => mean(1, 9, key));
  const largest = Math.max(...weights);
  // The edge of each token: of the weight's opacity, relative to the largest, over a shade of 28 % of that.
  const expected = weights.map((weight) => 1 - (1 - weight / largest) * (1 - (0.28 * weight) / largest));
  const drawn = (): Promise<number[]> =>
    view.locator('.text-strip').evaluateAll((strips) => {
      const strip = strips.find((one) => one.getBoundingClientRect().width > 0);
      const canvas = strip?.querySelector('canvas');
      const frame = strip?.getBoundingClientRect();
      if (!strip || !canvas || !frame) return [];
      const scale = canvas.width / frame.width;
      return [...strip.querySelectorAll('.token')].slice(0, 10).map((token) => {
        const { left, width, bottom } = token.getBoundingClientRect();
        const [x, y] = [left + width / 2 - frame.left, bottom - 2.5 - frame.top];
        const pixel = canvas.getContext('2d')?.getImageData(Math.floor(x * scale), Math.floor(y * scale), 1, 1).data;
        return (pixel?.[3] ?? NaN) / 255;
      });
    });
  const furthest = async (): Promise<number> => {
    const opacities = await drawn();
    return Math.max(...expected.map((opacity, key) => Math.abs((opacities[key] ?? NaN) - opacity)));
  };
  // Two opacities are each rounded to steps of 255; weights of the page and of the engine differ by 1e-5.
  await expect.poll(furthest, { timeout: 10_000 }).toBeLessThan(0.01);
  await view.locator('.text-strip [data-token="9"]').click();
});

test('shades tell both directions, and heads by themselves', async () => {
  const view = await explorer();
  await choose(view, 'text-direction', 'both');
  await view.getByTestId('text-chips').getByText('KV 1').click();
  await choose(view, 'text-by', 'head');
  await view.locator('.text-strip [data-token="9"]').click();
  const lists = view.getByTestId('attended').locator('.attended-group');
  const told = async (): Promise<string[]> =>
    lists.evaluateAll((all) => all.map((one) => `${one.dataset.series} ${one.dataset.direction} ${one.dataset.exact}`));
  const all = [4, 5, 6, 7].flatMap((head) => [`Q${head} from true`, `Q${head} to true`]);
  await expect.poll(told, { timeout: 30_000 }).toEqual(all);
  const numbers = await lists.evaluateAll((found) =>
    found.map((list) =>
      [...list.querySelectorAll('li')].map((item) => [item.dataset.token, item.dataset.weight].map(Number)),
    ),
  );
  numbers.forEach((list, place) => {
    const head = 4 + Math.floor(place / 2);
    expect(list.length).toBeGreaterThan(0);
    for (const [token = NaN, weight] of list) {
      const [query, key] = place % 2 === 0 ? [9, token] : [token, 9];
      expect(weight).toBeCloseTo(maps[(head * S + query) * S + key] ?? NaN, 5);
    }
  });
  await workbench().screenshot('text-shades');
});

test('a reload brings mode, direction, heads and token back', async () => {
  await workbench().reload();
  const view = await drawnExplorer(workbench());
  expect(await chosen(view, 'text-mode')).toBe('shades');
  expect(await chosen(view, 'text-direction')).toBe('both');
  expect(await chosen(view, 'text-by')).toBe('head');
  await expect.poll(() => view.locator('.text-strip .selected').getAttribute('data-token')).toBe('9');
  await expect
    .poll(() => view.getByTestId('attended').locator('.attended-group[data-exact="true"]').count(), { timeout: 60_000 })
    .toBe(8);
});
