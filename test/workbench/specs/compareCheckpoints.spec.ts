// A checkpoint beside another one, as a user compares them: chosen in the editor's folder dialog, with the numbers that the
// command line tells of both, exchanged, their heads as a text diff, and all of it back after a reload.
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import type { TextMeasures } from '../../../src/protocol/measures';
import { eventually } from '../harness/eventually';
import { datum, numberIn } from '../harness/numbers';
import { choose, chosen, chosenTitle } from '../harness/controls';
import { checkpointsOf, convertSample } from '../harness/engineNumbers';
import { openComparison, runOnSample } from '../harness/sampleRun';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const folder = mkdtempSync(join(tmpdir(), 'gqa-lens-compare-spec-'));
const child = join(folder, 'child');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workbench = useWorkbench();
const text = 'Watson looked at Holmes, and Holmes looked at the red hair.';
let diff: FrameLocator;
let expected: TextMeasures;

async function titles(): Promise<string[]> {
  return diff.locator('.summary thead th').allInnerTexts();
}

test('another checkpoint is chosen in the folder dialog', async () => {
  await convertSample(child, '--groups', '2', '--merge', 'mean');
  expected = await checkpointsOf(child, text);
  await runOnSample(workbench(), text);
  diff = await openComparison(workbench());
  expect(await titles()).toEqual(['MHA', 'GQA-2', 'change']);
  await choose(diff, 'side-b', 'choose');
  await workbench().page.locator('.quick-input-title').filter({ hasText: 'Compare sample with' }).waitFor();
  await workbench().pick(/Folder…/);
  await workbench().enterPath(child);
  await eventually(async () => (await titles())[1] === 'child (GQA-2)', 'the child is compared');
  expect(await titles()).toEqual(['sample (MHA)', 'child (GQA-2)', 'change']);
  expect(await chosenTitle(diff, 'side-b')).toBe('child');
});

test('the numbers are those of the command line', async () => {
  await diff.getByTestId('drift-layer').first().waitFor({ timeout: 60_000 });
  const near = async (testId: string, value: number | null, digits: number): Promise<void> =>
    expect(await numberIn(diff.getByTestId(testId)), testId).toBeCloseTo(value ?? NaN, digits);
  await near('loss-a', expected.a.loss, 2);
  await near('loss-b', expected.b.loss, 2);
  await near('kl', expected.klMean, 2);
  await near('cache-b', expected.b.kvCacheBytesPerToken, 0);
  for (const [layer, { residualCosine, jensenShannon }] of (expected.layers ?? []).entries()) {
    expect(await datum(diff.getByTestId('drift-layer').nth(layer), 'residual')).toBeCloseTo(residualCosine ?? NaN, 4);
    const cell = diff.locator(`[data-testid="divergence-cell"][data-layer="${layer}"][data-head="3"]`);
    expect(await datum(cell, 'value')).toBeCloseTo(jensenShannon?.[3] ?? NaN, 4);
  }
  for (const { position, kl } of expected.moved.slice(0, 3)) {
    const bar = diff.locator(`[data-testid="kl-bar"][data-token="${position}"]`);
    expect(await datum(bar, 'value')).toBeCloseTo(kl, 4);
  }
});

test('the strip of KL is walked by keyboard, and both lists of next tokens follow', async () => {
  const strip = diff.getByTestId('kl-strip');
  await strip.focus();
  await workbench().page.keyboard.press('Home');
  await workbench().page.keyboard.press('ArrowRight');
  await eventually(async () => (await strip.getAttribute('aria-valuenow')) === '1', 'token 1 is chosen');
  expect(await strip.getAttribute('aria-valuetext')).toMatch(/KL after token 1 .* nat · loss of the next/);
  const lists = diff.getByTestId('next-tokens');
  await eventually(async () => (await datum(lists, 'position')) === 1, 'predictions follow');
  const read = async (side: 'a' | 'b'): Promise<{ id: number; elsewhere: number }[]> =>
    diff
      .getByTestId(`prediction-${side}`)
      .evaluateAll((rows) =>
        rows.map((row) => ({ id: Number(row.dataset.id), elsewhere: Number(row.dataset.elsewhere) })),
      );
  const [a, b] = [await read('a'), await read('b')];
  expect([a.length, b.length]).toEqual([5, 5]);
  for (const { id, elsewhere } of a) expect(elsewhere).toBe(b.findIndex((other) => other.id === id));
  await workbench().page.mouse.move(800, 5);
  await workbench().screenshot('compare-checkpoints-words');
});

test('sides are exchanged', async () => {
  const before = await numberIn(diff.getByTestId('loss-b'));
  await diff.getByTestId('swap-sides').click();
  await eventually(async () => (await titles())[0] === 'child (GQA-2)', 'the child is the first side');
  await eventually(async () => (await numberIn(diff.getByTestId('loss-a'))) === before, 'its numbers are on its side');
  expect(await chosen(diff, 'side-a')).toBe('checkpoint');
  expect(await chosen(diff, 'side-b')).toBe('opened');
  await diff.locator('body').evaluate((body) => body.ownerDocument.defaultView?.scrollTo(0, 0));
  await diff.getByTestId('drift-layer').first().waitFor({ timeout: 60_000 });
  await workbench().screenshot('compare-checkpoints');
});

test('all of it is back after a reload, and so are zoom and scores', async () => {
  await choose(diff, 'map-values', 'scores');
  await diff.getByTestId('zoom-in').click();
  const words = (): Promise<string> => diff.getByTestId('zoom-words').innerText();
  await eventually(async () => /\d–\d/.test(await words()), 'a part is seen');
  const part = await words();
  await diff.locator('.large-maps .zoom-bar[data-moving="false"]').waitFor();
  await workbench().reload();
  diff = await workbench().webview('diff');
  await eventually(async () => (await titles())[0] === 'child (GQA-2)', 'the sides are as they were');
  await diff.getByTestId('drift-layer').first().waitFor({ timeout: 60_000 });
  expect(await titles()).toEqual(['child (GQA-2)', 'sample (MHA)', 'change']);
  await eventually(async () => (await words()) === part, 'the same part is seen');
  expect(await chosen(diff, 'map-values')).toBe('scores');
});

test('the heads of both are a text diff', async () => {
  const { page } = workbench();
  await diff.getByTestId('text-diff').click();
  const editors = page.locator('.monaco-diff-editor .editor .view-lines');
  await expect.poll(async () => editors.count(), { timeout: 60_000 }).toBe(2);
  const line = (side: number, words: string): Locator =>
    editors
      .nth(side)
      .locator('.view-line')
      .filter({ hasText: words.replaceAll(' ', '\u00a0') })
      .first();
  await line(0, 'layer 0 · Q5 → KV 1').waitFor();
  await line(1, 'layer 0 · Q5 → KV 5').waitFor();
  for (const theme of Object.keys(themes) as ThemeName[]) {
    await workbench().setTheme(theme);
    await workbench().screenshot(`compare-assignments-${theme}`);
  }
  await workbench().setTheme('dark');
  await page.keyboard.press('Control+F4');
});

test('a checkpoint that has gone is explained, with a way on', async () => {
  renameSync(child, join(folder, 'moved'));
  await workbench().reload();
  const { page } = workbench();
  await page.locator('.tab').filter({ hasText: /child/ }).first().click();
  diff = await workbench().webview('diff');
  const instead = diff.getByTestId('compare-instead');
  await instead.waitFor({ timeout: 60_000 });
  expect(await diff.getByTestId('problem').innerText()).toContain(child);
  await workbench().screenshot('compare-missing');
  await instead.click();
  await eventually(async () => (await titles()).join() === 'GQA-2,MHA,change', 'a conversion is compared instead');
});
