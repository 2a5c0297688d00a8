// The comparison page, against what the command line says about the same text: the summary, the drift of the
// layers, the divergence of every head, what moved most, what both models expect next.
import type { FrameLocator, Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import type { TextMeasures } from '../../../src/protocol/measures';
import { eventually } from '../harness/eventually';
import { datum, numberIn } from '../harness/numbers';
import { choose, chosen } from '../harness/controls';
import { measuresOf } from '../harness/engineNumbers';
import { openComparison, runOnSample } from '../harness/sampleRun';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const themeNames = Object.keys(themes) as ThemeName[];
const text = 'Watson looked at Holmes, and Holmes looked at the red hair of the man with the red hair.';
let diff: FrameLocator;
let expected: TextMeasures;

test('opens by command, with three maps of a head and a bar for every head', async () => {
  await runOnSample(workbench(), text);
  diff = await openComparison(workbench());
  expected = await measuresOf(text, 2, await chosen(diff, 'merge-picker'));
  expect(await diff.getByTestId('diff-map').count()).toBe(3);
  await eventually(async () => (await diff.getByTestId('head-divergence').count()) === 8, 'a divergence bar a head');
});

test('the summary tells loss, KL, agreement, cache and parameters of both', async () => {
  const near = async (testId: string, value: number | null, digits: number): Promise<void> =>
    expect(await numberIn(diff.getByTestId(testId)), testId).toBeCloseTo(value ?? NaN, digits);
  await near('loss-a', expected.a.loss, 2);
  await near('loss-b', expected.b.loss, 2);
  expect(expected.b.loss).not.toBeCloseTo(expected.a.loss ?? NaN, 2);
  await near('kl', expected.klMean, 2);
  await near('top1', Math.round(expected.top1Agreement * 100), 0);
  await near('cache-b', expected.b.kvCacheBytesPerToken, 0);
  await near('parameters-a', expected.a.parameters, 0);
  await near('parameters-b', expected.b.parameters, 0);
});

test('the drift of every layer is that of the engine, told on hover', async () => {
  const layers = expected.layers ?? [];
  expect(await diff.getByTestId('drift-layer').count()).toBe(6);
  for (const [layer, { attentionCosine, residualCosine }] of layers.entries()) {
    const column = diff.getByTestId('drift-layer').nth(layer);
    expect(await datum(column, 'attention')).toBeCloseTo(attentionCosine ?? NaN, 4);
    expect(await datum(column, 'residual')).toBeCloseTo(residualCosine ?? NaN, 4);
  }
  await diff.getByTestId('drift-layer').nth(2).hover();
  const told = await diff.getByTestId('drift-readout').innerText();
  expect(told).toContain('layer 2');
  expect(told).toContain((layers[2]?.attentionCosine ?? NaN).toFixed(3));
});

test('the divergence of every head is that of the engine, and a click shows the head', async () => {
  const cells = diff.getByTestId('divergence-cell');
  const layers = expected.layers ?? [];
  expect(await cells.count()).toBe(48);
  for (const [layer, head] of [
    [0, 0],
    [3, 5],
    [5, 7],
  ] as const) {
    const cell = diff.locator(`[data-testid="divergence-cell"][data-layer="${layer}"][data-head="${head}"]`);
    expect(await datum(cell, 'value')).toBeCloseTo(layers[layer]?.jensenShannon?.[head] ?? NaN, 4);
  }
  await diff.locator('[data-testid="divergence-cell"][data-layer="4"][data-head="6"]').click();
  await eventually(async () => (await chosen(diff, 'layer-picker')) === '4', 'layer 4 is chosen');
  expect(await diff.getByTestId('diff-map').first().getAttribute('data-head')).toBe('6');
});

test('what moved most is listed, and choosing it shows what both models expect next', async () => {
  const rows = diff.getByTestId('moved-token');
  const places = expected.moved.slice(0, 3);
  for (const [row, { position, kl }] of places.entries()) {
    expect(await datum(rows.nth(row), 'token')).toBe(position);
    expect(await numberIn(rows.nth(row))).toBeCloseTo(kl, 1);
  }
  await rows.nth(1).click();
  await eventually(async () => (await rows.nth(1).getAttribute('aria-pressed')) === 'true', 'the token is chosen');
  const first = (side: 'a' | 'b'): Locator => diff.getByTestId(`prediction-${side}`).first();
  const position = async (): Promise<number> => datum(diff.getByTestId('next-tokens'), 'position');
  await eventually(async () => (await position()) === places[1]?.position, 'its predictions are shown');
  expect(await datum(first('a'), 'id')).toBe(places[1]?.top.a.id);
  expect(await datum(first('b'), 'id')).toBe(places[1]?.top.b.id);
  expect(await diff.getByTestId('prediction-a').count()).toBe(5);
});

test('the time of a token is measured when asked', async () => {
  await diff.getByTestId('measure-time').click();
  await eventually(async () => /\d\s?ms/.test(await diff.getByTestId('time-b').innerText()), 'the time is told');
  expect(await numberIn(diff.getByTestId('time-a'))).toBeGreaterThan(0);
});

test.each(themeNames)('keeps pictures, %s', async (theme) => {
  await workbench().setTheme(theme);
  await workbench().page.mouse.move(800, 5);
  await diff.locator('body').evaluate((body) => body.ownerDocument.defaultView?.scrollTo(0, 0));
  await workbench().screenshot(`diff-${theme}`);
  await diff.getByTestId('moved-token').first().scrollIntoViewIfNeeded();
  await workbench().page.mouse.move(800, 5);
  await workbench().screenshot(`diff-words-${theme}`);
});

test('the checkpoint beside itself: no conversion is described, and nothing has moved', async () => {
  const note = diff.getByTestId('conversion-note').first();
  expect(await note.innerText()).toMatch(/^B\s*Contiguous:/);
  await choose(diff, 'side-b', 'opened');
  await diff.getByText('Nothing: both sides predict the same.').waitFor({ timeout: 60_000 });
  expect(await diff.getByTestId('conversion-note').filter({ visible: true }).count()).toBe(0);
  expect(await diff.getByTestId('groups-picker').filter({ visible: true }).count()).toBe(0);
  expect(await diff.getByTestId('moved-token').count()).toBe(0);
  await choose(diff, 'side-b', 'conversion');
  await diff.getByTestId('moved-token').first().waitFor({ timeout: 60_000 });
  await note.waitFor();
});
