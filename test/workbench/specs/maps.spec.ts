// Attention maps of a longer text, looked at closely: zoom and pan by wheel, pointer and keys, values checked against the
// engine's own, one token marked in every map and in the text; and what a conversion changes in them, in the comparison.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../harness/eventually';
import { choose, chosen } from '../harness/controls';
import { attentionOf, convertSample } from '../harness/engineNumbers';
import { pointAt, type MapReadout } from '../harness/mapReadout';
import { drawnExplorer, runOnSample } from '../harness/sampleRun';
import { useWorkbench } from '../harness/useWorkbench';

const folder = mkdtempSync(join(tmpdir(), 'gqa-lens-maps-spec-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workbench = useWorkbench();
const sentence = 'Watson looked at Holmes, and Holmes looked at the red hair of the man with the red hair. ';
/** More tokens than a map has pixels. */
const text = sentence.repeat(22).trim();

const explorer = (): Promise<FrameLocator> => drawnExplorer(workbench());

const member = (view: FrameLocator, head: number): Locator =>
  view.locator(`[data-testid="map-head"][data-head="${head}"]`);

/** The part that is seen, as the panel says it. */
async function seen(view: FrameLocator): Promise<{ q0: number; q1: number; k0: number; k1: number } | null> {
  const words = await view.getByTestId('zoom-words').innerText();
  const numbers = [...words.matchAll(/(\d+)–(\d+)/g)].map(([, from, to]) => [Number(from), Number(to)] as const);
  const [queries, keys = queries] = numbers;
  return queries === undefined || keys === undefined
    ? null
    : { q0: queries[0], q1: queries[1], k0: keys[0], k1: keys[1] };
}

/** Labels of tokens that cross the border of their map, of all maps that are drawn; what stands beside or below one is outside. */
async function crossingLabels(view: FrameLocator): Promise<string[]> {
  return view.locator('.labelled-map').evaluateAll((maps) =>
    maps.flatMap((map) => {
      const box = map.querySelector('.heatmap')?.getBoundingClientRect();
      if (box === undefined) return ['no map'];
      return [...map.querySelectorAll('.token-axis span')].flatMap((label) => {
        const { left, right, top, bottom } = label.getBoundingClientRect();
        const isAcross = (from: number, to: number, edge: number): boolean => from < edge - 1 && to > edge + 1;
        const isInside = left < box.right - 1 && top < box.bottom - 1;
        const crosses = isAcross(left, right, box.right) || isAcross(top, bottom, box.bottom) || top < box.top - 1;
        return isInside && crosses ? [label.textContent] : [];
      });
    }),
  );
}

let known: { maps: Float32Array; S: number } | null = null;

/** The engine's weight at a cell of the layer that is shown. */
async function exact(view: FrameLocator, head: number, { query, key }: MapReadout): Promise<number> {
  known ??= await attentionOf(text, Number(await chosen(view, 'layer-picker')));
  const { maps, S } = known;
  return maps[(head * S + query) * S + key] ?? NaN;
}

test('a text with more tokens than pixels is drawn, and its weights are exact', async () => {
  const view = await runOnSample(workbench(), text);
  expect(await view.getByTestId('status').innerText()).toMatch(/tokens\s*4\d\d/);
  expect(await seen(view)).toBeNull();
  const found = await pointAt(view, member(view, 1), 0.3, 0.8);
  expect(found.weight).toBeCloseTo(await exact(view, 1, found), 6);
  const size = await member(view, 1).evaluate((canvas) => (canvas as unknown as { width: number }).width);
  expect(size).toBeLessThan(200);
  expect(await view.locator('.token-axis .diagonal').count()).toBeGreaterThan(20);
  expect(await crossingLabels(view)).toEqual([]);
  // Those of marked tokens, at either end.
  for (const end of [0.01, 0.99]) {
    await pointAt(view, view.getByTestId('map-mean').first(), 0.005, end);
    expect(await view.locator('.marked-labels span').count()).toBeGreaterThan(0);
    expect(await crossingLabels(view)).toEqual([]);
  }
});

test('the wheel with Ctrl zooms about the pointer, in all maps, and readouts stay right', async () => {
  const view = await explorer();
  const map = member(view, 1);
  const before = await pointAt(view, map, 0.3, 0.8);
  const { page } = workbench();
  await page.keyboard.down('Control');
  for (let turn = 0; turn < 4; turn++) await page.mouse.wheel(0, -120);
  await page.keyboard.up('Control');
  await eventually(async () => (await seen(view)) !== null, 'a part is seen');
  const part = await seen(view);
  const after = await pointAt(view, map, 0.3, 0.8);
  // What was under the pointer still is, but for the pixels of a cell.
  expect(Math.abs(after.query - before.query)).toBeLessThan(6);
  expect(Math.abs(after.key - before.key)).toBeLessThan(6);
  expect(after.weight).toBeCloseTo(await exact(view, 1, after), 6);
  const other = await pointAt(view, member(view, 5), 0.5, 0.5);
  expect(other.query >= (part?.q0 ?? NaN) && other.query <= (part?.q1 ?? NaN)).toBe(true);
  expect(other.weight).toBeCloseTo(await exact(view, 5, other), 6);
  await workbench().screenshot('maps-zoomed');
});

test('a drag moves all maps, and a double click shows the whole again', async () => {
  const view = await explorer();
  const { page } = workbench();
  const map = view.getByTestId('map-mean').first();
  await map.scrollIntoViewIfNeeded();
  const part = await seen(view);
  const box = await map.boundingBox();
  const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 40, y + 60, { steps: 4 });
  await page.mouse.up();
  await eventually(async () => (await seen(view))?.k0 !== part?.k0, 'the part has moved');
  const moved = await seen(view);
  expect(moved?.k0).toBeGreaterThan(part?.k0 ?? NaN);
  expect(moved?.q0).toBeLessThan(part?.q0 ?? NaN);
  // A drag is no click: no token is selected.
  expect(await view.locator('.text-strip .selected').count()).toBe(0);
  await map.dblclick({ position: { x: 20, y: (box?.height ?? 0) - 20 } });
  await eventually(async () => (await seen(view)) === null, 'the whole is seen');
});

test('keys zoom, move and reset', async () => {
  const view = await explorer();
  const map = view.getByTestId('map-mean').first();
  await map.focus();
  const { page } = workbench();
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
  for (let press = 0; press < 12; press++) await page.keyboard.press('+');
  await eventually(async () => {
    const part = await seen(view);
    return part !== null && part.q1 - part.q0 < 8;
  }, 'some six tokens are seen');
  // So near, every token has its name.
  await eventually(
    async () => (await view.locator('.group-card .token-axis .query').count()) >= 12,
    'queries are named',
  );
  await workbench().screenshot('maps-near');
  const near = await seen(view);
  await page.keyboard.press('Shift+ArrowDown');
  await eventually(async () => ((await seen(view))?.q0 ?? 0) > (near?.q0 ?? 0), 'the view moves down');
  // The keyboard's cell brings the view along.
  for (let press = 0; press < 9; press++) await page.keyboard.press('ArrowDown');
  const readout = view.getByTestId('readout');
  await eventually(async () => {
    const query = Number(await readout.getAttribute('data-query'));
    const part = await seen(view);
    return part !== null && query >= part.q0 && query <= part.q1;
  }, 'the cell is in sight');
  await page.keyboard.press('Escape');
  await eventually(async () => (await seen(view)) === null, 'the whole is seen');
});

test('a token is marked in every map and in the text', async () => {
  const view = await explorer();
  const found = await pointAt(view, member(view, 2), 0.25, 0.5);
  const marks = (name: string): Promise<number> => view.locator(`.group-card .mark-${name}:not([hidden])`).count();
  const maps = await view.locator('.group-card .heatmap').count();
  expect([await marks('row'), await marks('column')]).toEqual([maps, maps]);
  const hovered = (): Promise<number[]> =>
    view
      .locator('.text-strip .hovered')
      .evaluateAll((chips) => chips.map((chip) => Number(chip.getAttribute('data-token'))));
  // Figures out of sight follow once the pointer rests.
  await expect
    .poll(async () => (await hovered()).sort((a, b) => a - b))
    .toEqual([found.key, found.query].sort((a, b) => a - b));
  // From the text, the token is marked as a query and as a key.
  await view.locator('.text-strip [data-token="30"]').hover();
  await eventually(async () => (await marks('column')) === maps && (await marks('row')) === maps, 'both are marked');
  const tops = await view
    .locator('.group-card .mark-row')
    .evaluateAll((all) => [...new Set(all.map((mark) => parseFloat(getComputedStyle(mark).top)))].length);
  expect(tops).toBeGreaterThan(0);
});

test('members minus their mean, exactly', async () => {
  const view = await explorer();
  await choose(view, 'member-maps', 'deviations');
  await eventually(
    async () => (await view.locator('.map-legend[data-kind="differences"]').count()) === 1,
    'the legend tells differences',
  );
  const found = await pointAt(view, member(view, 2), 0.25, 0.5);
  const heads = await Promise.all([0, 1, 2, 3].map((head) => exact(view, head, found)));
  const mean = heads.reduce((sum, weight) => sum + weight / 4, 0);
  expect(found.weight).toBeCloseTo((heads[2] ?? NaN) - mean, 6);
  await workbench().screenshot('maps-deviations');
  await choose(view, 'member-maps', 'own');
});

test('scores before the softmax, exactly', async () => {
  const view = await explorer();
  await choose(view, 'map-values', 'scores');
  await eventually(
    async () => (await view.locator('.map-legend[data-kind="scores"]').count()) === 1,
    'the legend tells scores',
  );
  // Of two keys of one query, scores differ by the logarithm of what their weights differ by.
  const [one, other] = [await pointAt(view, member(view, 6), 0.1, 0.7), await pointAt(view, member(view, 6), 0.6, 0.7)];
  expect(one.query).toBe(other.query);
  const ratio = (await exact(view, 6, one)) / (await exact(view, 6, other));
  expect(one.weight - other.weight).toBeCloseTo(Math.log(ratio), 3);
  // Bars begin at 0: where one of the numbers is below it, there are none.
  const readout = view.getByTestId('readout');
  expect(await readout.locator('.readout-others').innerText()).toContain('−');
  expect(await readout.locator('.readout-bar').count()).toBe(0);
  await workbench().screenshot('maps-scores');
  // Statistics are of the probabilities, whatever is shown.
  expect(await view.locator('.member [data-statistic="entropy"]').count()).toBe(8);
  await choose(view, 'map-values', 'probabilities');
});

/** Pixels of a canvas around a place: the most opaque one, and whether it is redder than it is blue. */
async function strongest(map: Locator, row: number, column: number): Promise<{ opacity: number; isRed: boolean }> {
  return map.evaluate(
    (canvas, at) => {
      const context = (canvas as unknown as HTMLCanvasElement).getContext('2d');
      const { data } = context?.getImageData(at.column - 1, at.row - 1, 3, 3) ?? { data: [] };
      let found = { opacity: 0, isRed: false };
      for (let pixel = 0; pixel < data.length; pixel += 4) {
        const opacity = data[pixel + 3] ?? 0;
        if (opacity > found.opacity) found = { opacity, isRed: (data[pixel] ?? 0) > (data[pixel + 2] ?? 0) };
      }
      return found;
    },
    { row, column },
  );
}

const large = (diff: FrameLocator, side: string): Locator =>
  diff.locator(`[data-testid="diff-map"][data-side="${side}"]`);

test('the comparison takes pooled maps from each other before they are pooled', async () => {
  await workbench().runCommand('GQA Lens: Compare MHA and GQA');
  const diff = await workbench().webview('diff');
  await large(diff, 'difference').waitFor({ timeout: 60_000 });
  const layer = Number(await chosen(diff, 'layer-picker'));
  const child = join(folder, 'child');
  const merge = await chosen(diff, 'merge-picker');
  await convertSample(child, '--groups', '2', '--merge', merge, '--dtype', 'f32');
  const [a, b] = [await attentionOf(text, layer), await attentionOf(text, layer, child)];
  const { S } = a;
  // Head 0 is shown: its maps are the first ones.
  const change = (place: number): number => (b.maps[place] ?? 0) - (a.maps[place] ?? 0);
  const found = await pointAt(diff, large(diff, 'difference'), 0.2, 0.7);
  expect(found.weight).toBeCloseTo(change(found.query * S + found.key), 4);
  const { width, height } = await large(diff, 'difference').evaluate((canvas) => {
    const { width: columns, height: rows } = canvas as unknown as { width: number; height: number };
    return { width: columns, height: rows };
  });
  expect(width).toBeLessThan(S);
  // What has changed most has the full colour of its side, wherever it is.
  let most = 0;
  for (let place = 0; place < S * S; place++) if (Math.abs(change(place)) > Math.abs(change(most))) most = place;
  const [row, column] = [Math.floor((Math.floor(most / S) * height) / S), Math.floor(((most % S) * width) / S)];
  const { opacity, isRed } = await strongest(large(diff, 'difference'), row, column);
  expect(opacity).toBeGreaterThan(250);
  expect(isRed).toBe(change(most) > 0);
  // Small maps are on a scale of all heads; what has more on which side they tell alike.
  const small = (side: string): Locator =>
    diff.locator(`[data-testid="diff-thumb"][data-side="${side}"][data-head="0"]`);
  const place = async (map: Locator, cell: number): Promise<[number, number]> => {
    const side = await map.evaluate((canvas) => (canvas as unknown as { width: number }).width);
    return [Math.floor((Math.floor(cell / S) * side) / S), Math.floor(((cell % S) * side) / S)];
  };
  await eventually(async () => {
    const drawn = await strongest(small('difference'), ...(await place(small('difference'), most)));
    return drawn.opacity > 100 && drawn.isRed === change(most) > 0;
  }, 'the small difference is drawn');
  expect(await crossingLabels(diff)).toEqual([]);
  await workbench().screenshot('comparison-pooled');

  await choose(diff, 'map-values', 'scores');
  await eventually(
    async () => (await diff.locator('.large-maps .map-legend[data-kind="scores"]').count()) === 1,
    'the legend tells scores',
  );
  // Of two keys of one query, scores differ by the logarithm of what their weights differ by, on either side.
  for (const [side, { maps }] of Object.entries({ a, b })) {
    const one = await pointAt(diff, large(diff, side), 0.1, 0.7);
    const other = await pointAt(diff, large(diff, side), 0.6, 0.7);
    expect(one.query).toBe(other.query);
    const weight = ({ query, key }: MapReadout): number => maps[query * S + key] ?? NaN;
    expect(one.weight - other.weight, side).toBeCloseTo(Math.log(weight(one) / weight(other)), 2);
  }
  const scores: number[] = [];
  for (const side of ['a', 'b', 'difference']) scores.push((await pointAt(diff, large(diff, side), 0.3, 0.8)).weight);
  expect(scores[2]).toBeCloseTo((scores[1] ?? NaN) - (scores[0] ?? NaN), 5);
  await workbench().screenshot('comparison-scores');

  await choose(diff, 'map-values', 'probabilities');
  await choose(diff, 'member-maps', 'deviations');
  await eventually(
    async () => (await large(diff, 'a').getAttribute('aria-label'))?.includes('mean of KV 0') === true,
    'it is said',
  );
  for (const [side, { maps }] of Object.entries({ a, b })) {
    const { query, key, weight } = await pointAt(diff, large(diff, side), 0.2, 0.8);
    const heads = [0, 1, 2, 3].map((head) => maps[(head * S + query) * S + key] ?? NaN);
    const mean = heads.reduce((sum, own) => sum + own / 4, 0);
    expect(weight, side).toBeCloseTo((heads[0] ?? NaN) - mean, 4);
  }
  // The small maps follow: of the whole layer, in the colours of differences.
  await eventually(
    async () => (await diff.locator('.heads .map-legend[data-kind="differences"]').count()) === 2,
    'the legends of the small maps tell differences',
  );
  const apart = (cell: number): number => {
    const heads = [0, 1, 2, 3].map((head) => a.maps[head * S * S + cell] ?? NaN);
    return (heads[0] ?? NaN) - heads.reduce((sum, own) => sum + own / 4, 0);
  };
  const farthest = Array.from({ length: S * S }, (_, cell) => cell).reduce((best, cell) =>
    Math.abs(apart(cell)) > Math.abs(apart(best)) ? cell : best,
  );
  const drawn = await strongest(small('a'), ...(await place(small('a'), farthest)));
  expect(drawn.opacity).toBeGreaterThan(100);
  expect(drawn.isRed).toBe(apart(farthest) > 0);
  await workbench().screenshot('comparison-deviations');
  await small('difference').scrollIntoViewIfNeeded();
  await workbench().page.mouse.move(800, 5);
  for (const theme of ['high-contrast-light', 'light', 'dark'] as const) {
    await workbench().setTheme(theme);
    await workbench().screenshot(`comparison-small-${theme}`);
  }
});
