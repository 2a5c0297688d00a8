// GQA Lens in a German VS Code: commands, side bar, panels and questions speak German, nothing in a page is English that is
// translated, and longer words fit. Then a checkpoint of more groups than the palette has colours: each still looks its own.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder } from '../../../scripts/lib/places.mjs';
import { writeRandomLlama } from '../../support/randomLlama';
import { choose, offered } from '../harness/controls';
import { sample } from '../harness/engineNumbers';
import { cutOff, manifestIn, messagesIn, textsOf, untranslatedIn } from '../harness/language';
import { openStructure, openSweep } from '../harness/otherPages';
import { drawn, openComparison, openSample, runText } from '../harness/sampleRun';
import { useWorkbench } from '../harness/useWorkbench';

const models = mkdtempSync(join(tmpdir(), 'gqa-lens-german-'));
const many = folder(join(models, 'viele'));
afterAll(() => rmSync(models, { recursive: true, force: true }));
beforeAll(async () => {
  await writeRandomLlama(many, { L: 2, D: 64, H: 32, G: 32, K: 8, F: 64, V: 4096 });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(sample, name), join(many, name));
});

const workbench = useWorkbench({ language: 'de', folder: models, settings: { 'files.simpleDialog.enable': true } });
const messages = messagesIn('de');
const manifest = manifestIn('de');
// No word of it is a message: pages show its pieces.
const text = 'Der Hund bellt, der Hund beisst; der Hund ruht.';

/** The translation of a message, with what it is given put in. */
function de(english: string, ...given: (string | number)[]): string {
  const german = messages[english];
  if (german === undefined) throw new Error(`"${english}" is not translated.`);
  return given.reduce<string>((said, value, place) => said.replace(`{${place}}`, String(value)), german);
}

const shown = (name: string): string => {
  const german = manifest[name];
  if (german === undefined) throw new Error(`${name} is not translated.`);
  return german;
};
const command = (name: string): string => `GQA Lens: ${shown(`command.${name}`)}`;

/** Nothing in a page is English, and in wide and narrow windows no word is cut off and nothing wider than the panel. */
async function holds(view: FrameLocator, name: string): Promise<void> {
  const { page } = workbench();
  expect(untranslatedIn(await textsOf(view), messages)).toEqual([]);
  await page.mouse.move(800, 5);
  for (const width of [1600, 820, 600]) {
    await page.setViewportSize({ width, height: 1000 });
    await expect.poll(() => view.locator('body').evaluate(() => innerWidth)).toBeLessThan(width);
    await drawn(view);
    await expect.poll(() => cutOff(view), { message: `${name}, ${width} pixels wide` }).toEqual([]);
    await workbench().screenshot(`german-${name}-${width}`);
  }
  await page.setViewportSize({ width: 1600, height: 1000 });
}

test('titles of commands, the side bar and the welcome are German', async () => {
  const { page } = workbench();
  await page.locator('.activitybar [aria-label^="GQA Lens"]').first().click();
  const sideBar = page.locator('.sidebar');
  await expect.poll(() => sideBar.innerText()).toContain(shown('command.openSample'));
  const said = await sideBar.innerText();
  for (const name of ['view.inspector', 'view.runs', 'command.openCheckpoint']) expect(said).toContain(shown(name));
});

test('the explorer', async () => {
  const { page } = workbench();
  const view = await openSample(workbench(), command('openSample'));
  await runText(view, text);
  await drawn(view);
  expect(await view.getByTestId('run').innerText()).toBe(de('Run'));
  const headings = await view.locator('.panel-head h2').allInnerTexts();
  for (const heading of [de('Layers'), de('Assignment · {0}', de('layer {0}', 3)), de('Text')]) {
    expect(headings).toContain(heading);
  }
  const { titles } = await offered(view, 'merge-picker');
  for (const title of [de('Mean'), de('First head')]) expect(titles.join()).toContain(title);
  await page.locator('.statusbar-item', { hasText: de('{0} → {1} KV heads', 8, 2) }).waitFor();
  const row = (label: string): Locator => page.locator('.sidebar .monaco-list-row').filter({ hasText: label }).first();
  for (const label of [de('Layer {0}', 1), de('Today'), text.slice(0, 12)]) await row(label).waitFor();
  expect(await row(de('KV cache')).innerText()).toContain(de('{0} a token', ''));
  await view.locator('[data-testid="similarity-cell"][data-row="4"][data-column="1"]').click();
  await view.locator('.pair-panes:not(.loading)').waitFor({ timeout: 60_000 });
  await page.keyboard.press('Control+B');
  await holds(view, 'explorer');
});

test('the comparison', async () => {
  const diff = await openComparison(workbench(), command('compare'));
  await drawn(diff);
  await holds(diff, 'comparison');
});

test('the questions of a sweep, and its page', async () => {
  const sweep = await openSweep(workbench(), command('sweep'), de);
  await holds(sweep, 'sweep');
});

test('the structure of a file', async () => {
  const structure = await openStructure(workbench());
  await holds(structure, 'structure');
});

/** What paints each of some elements, or what stands before them. */
async function looks(items: Locator, names: readonly string[], pseudo = ''): Promise<string[]> {
  const read = (all: Element[], [properties, part]: readonly [readonly string[], string]): string[] =>
    all.map((item) => properties.map((name) => getComputedStyle(item, part).getPropertyValue(name)).join(' | '));
  return items.evaluateAll(read, [names, pseudo] as const);
}

/** 32 heads in 16 groups of two: each group looks like itself and no other. */
function tellsGroupsApart(ofHeads: readonly string[]): void {
  expect(ofHeads).toHaveLength(32);
  for (const [head, look] of ofHeads.entries()) expect(look).toBe(ofHeads[head - (head % 2)]);
  expect(new Set(ofHeads).size).toBe(16);
}

test('more groups than colours are told apart by their rhythm, and named', async () => {
  const { page } = workbench();
  await workbench().runCommand(command('openCheckpoint'));
  await workbench().pick(de('Folder…'));
  await workbench().enterPath(`${many}/`);
  await page.locator('.tab').filter({ hasText: /viele/ }).first().waitFor();
  const view = await workbench().webview('explorer');
  await expect.poll(() => view.locator('h1').innerText(), { timeout: 60_000 }).toBe('viele');
  await choose(view, 'groups-picker', '16');
  await expect.poll(() => view.getByTestId('kv-group').count(), { timeout: 60_000 }).toBe(16);
  await runText(view, text);
  await drawn(view);
  tellsGroupsApart(await looks(view.locator('.similarity .bar-rhythm'), ['stroke', 'stroke-dasharray']));
  await workbench().screenshot('many-groups-explorer');

  const diff = await openComparison(workbench(), command('compare'));
  await drawn(diff);
  const paint = ['background-color', 'mask-image'];
  const columns = diff.getByTestId('head-divergence').locator('i');
  const rhythms = await looks(columns, ['mask-image'], '::after');
  tellsGroupsApart((await looks(columns, paint)).map((look, head) => `${look} ${rhythms[head] ?? ''}`));
  await diff.getByTitle(de('Query head {0}, KV {1}', 24, 12)).waitFor();
  // Groups 0 and 12 have the same colour: the bar above a pane is cut for one of them.
  const bars: string[][] = [];
  for (const head of [0, 24]) {
    await diff.locator(`[data-testid="divergence-cell"][data-layer="1"][data-head="${head}"]`).click();
    await expect.poll(() => diff.getByTestId('diff-map').first().getAttribute('data-head')).toBe(String(head));
    bars.push(...(await looks(diff.getByTestId('pane-b'), paint, '::before')).map((look) => look.split(' | ')));
  }
  const [[color, whole] = [], [sameColor, cut] = []] = bars;
  expect(sameColor).toBe(color);
  expect(cut).not.toBe(whole);
  await drawn(diff);
  await diff.locator('.panel.heads').scrollIntoViewIfNeeded();
  await page.mouse.move(800, 5);
  await workbench().screenshot('many-groups-comparison');
});
