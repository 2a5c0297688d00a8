// The VSIX in a clean VS Code, as a new user meets it: the sample opens by command, Run draws, hover tells numbers, a
// reload brings everything back. What is drawn is checked against the engine's own numbers.
import type { FrameLocator, Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { eventually } from '../harness/eventually';
import { choose, chosen } from '../harness/controls';
import { attentionOf } from '../harness/engineNumbers';
import { pointAt } from '../harness/mapReadout';
import { drawnExplorer, runOnSample } from '../harness/sampleRun';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const text = 'Watson looked at Holmes, and Holmes looked at the red hair of the man with the red hair.';
const themeNames = Object.keys(themes) as ThemeName[];

/** Waits until a figure holds, without knowing how fast the machine is. */
const explorerWithMaps = (): Promise<FrameLocator> => drawnExplorer(workbench());

/** Scrolls a view back to where a user meets it, pointer away from every figure. */
async function toTop(view: FrameLocator): Promise<void> {
  await workbench().page.mouse.move(800, 5);
  await view.locator('body').evaluate((body) => body.ownerDocument.defaultView?.scrollTo(0, 0));
}

test('opens the sample by command and runs the text', async () => {
  const explorer = await runOnSample(workbench(), text);
  expect(await explorer.getByTestId('status').innerText()).toMatch(/loss.*tokens\s*22/is);
  // The style sheet came with the package: without it the page is a column of bare elements.
  const color = (body: Element): string => getComputedStyle(body).getPropertyValue('--gqa-group-0');
  expect((await explorer.locator('body').evaluate(color)).trim()).not.toBe('');
});

test('the assignment has 8 heads and the chosen number of groups', async () => {
  const explorer = await explorerWithMaps();
  for (const G of [4, 2]) {
    await choose(explorer, 'groups-picker', String(G));
    await eventually(async () => (await explorer.getByTestId('kv-group').count()) === G, `${G} groups are drawn`);
    expect(await explorer.getByTestId('head').count()).toBe(8);
    expect(await explorer.getByTestId('head-link').count()).toBe(8);
    const groups = await explorer
      .getByTestId('head')
      .evaluateAll((heads) => heads.map((head) => [head.getAttribute('data-head'), head.getAttribute('data-group')]));
    for (const [head, group] of groups) expect(Number(group)).toBe(Math.floor(Number(head) / (8 / G)));
    await eventually(async () => (await explorer.getByTestId('map-mean').count()) === G, `${G} mean maps are drawn`);
  }
});

test('the similarity matrix has 8 x 8 cells, a bar a head, and raw cosine is blank', async () => {
  const explorer = await explorerWithMaps();
  const values = async (): Promise<number[]> => {
    await eventually(async () => (await explorer.getByTestId('similarity-cell').count()) === 64, '64 cells are drawn');
    return explorer
      .getByTestId('similarity-cell')
      .evaluateAll((cells) =>
        cells
          .filter((cell) => cell.getAttribute('data-row') !== cell.getAttribute('data-column'))
          .map((cell) => Number(cell.getAttribute('data-value'))),
      );
  };
  const mean = (numbers: number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  await choose(explorer, 'measure-picker', 'aligned');
  await eventually(async () => mean(await values()) > 0.08, 'aligned heads are alike');
  expect(await explorer.getByTestId('pooled-bar').count()).toBe(8);
  // The more alike a head is to the shared one, the wider its link.
  const likeness = await explorer
    .getByTestId('pooled-bar')
    .evaluateAll((bars) => bars.map((bar) => [bar.getAttribute('data-head'), Number(bar.getAttribute('data-value'))]));
  const widths = await explorer
    .getByTestId('head-link')
    .evaluateAll((links) =>
      links.map((link) => [link.getAttribute('data-head'), parseFloat(getComputedStyle(link).strokeWidth)]),
    );
  const widthOf = new Map(widths as [string, number][]);
  for (const [head, value] of likeness as [string, number][]) expect(widthOf.get(head)).toBeCloseTo(1 + 5 * value, 2);
  await choose(explorer, 'measure-picker', 'cosine');
  await eventually(async () => Math.abs(mean(await values())) < 0.05, 'raw cosine is near 0');
  await choose(explorer, 'measure-picker', 'aligned');
});

test('heads are compared by their maps and by activations, beside the damage to each', async () => {
  const explorer = await explorerWithMaps();
  const note = explorer.getByTestId('similarity-note');
  await choose(explorer, 'target-picker', 'maps');
  await eventually(async () => (await note.innerText()).includes('22 tokens of the text'), 'maps are compared');
  expect(await explorer.getByTestId('similarity-cell').count()).toBe(64);
  await choose(explorer, 'target-picker', 'k');
  await choose(explorer, 'inputs-picker', 'activations');
  await choose(explorer, 'measure-picker', 'pca');
  await eventually(
    async () => (await note.innerText()).includes('Groups as a whole'),
    'groups are compared as a whole',
  );
  await eventually(async () => (await explorer.getByTestId('head-damage').count()) === 8, 'damage of 8 heads');
  const damage = await explorer
    .getByTestId('head-damage')
    .evaluateAll((heads) =>
      heads.map((head) => [Number(head.getAttribute('data-observed')), Number(head.getAttribute('data-predicted'))]),
    );
  for (const [observed = NaN, predicted = NaN] of damage) {
    expect(observed).toBeGreaterThan(0.05);
    expect(observed).toBeLessThan(predicted);
  }
  await choose(explorer, 'inputs-picker', 'weights');
  await choose(explorer, 'measure-picker', 'aligned');
});

test("a map's hovered weight equals the engine's", async () => {
  const explorer = await explorerWithMaps();
  const layer = Number(await chosen(explorer, 'layer-picker'));
  const head = 5;
  const map = explorer.locator(`[data-testid="map-head"][data-head="${head}"]`);
  const { query, key, weight } = await pointAt(explorer, map, 0.3, 0.8);
  const { maps, S } = await attentionOf(text, layer);
  expect(query).toBe(Math.floor(0.8 * S));
  expect(key).toBe(Math.floor(0.3 * S));
  expect(weight).toBeCloseTo(maps[(head * S + query) * S + key] ?? NaN, 6);
});

test('the inspector shows the layers, and choosing one focuses it in the panel', async () => {
  const { page } = workbench();
  await page.locator('.activitybar [aria-label^="GQA Lens"]').first().click();
  const row = (label: string): Locator => page.locator('.monaco-list-row').filter({ hasText: label }).first();
  await row('Layer 1').waitFor();
  expect(await row('KV cache').innerText()).toContain('a token');
  const explorer = await explorerWithMaps();
  for (const layer of ['1', '3']) {
    await row(`Layer ${layer}`).click();
    await eventually(async () => (await chosen(explorer, 'layer-picker')) === layer, `the panel shows layer ${layer}`);
  }
});

test('the status bar tells the checkpoint and its heads, and a click comes back to the panel', async () => {
  const { page } = workbench();
  const item = page.locator('.statusbar-item', { hasText: 'KV heads' });
  expect((await item.innerText()).trim()).toMatch(/^sample: 8 → 2 KV heads · [CG]PU$/);
  await workbench().runCommand('View: Close Editor');
  await page.locator('iframe.webview.ready').waitFor({ state: 'detached' });
  await item.click();
  await explorerWithMaps();
});

test.each(themeNames)('keeps pictures of the explorer, %s', async (theme) => {
  await workbench().setTheme(theme);
  await toTop(await explorerWithMaps());
  await workbench().screenshot(`explorer-${theme}`);
});

test('a window reload brings text, groups, maps and their zoom back', async () => {
  await workbench().setTheme('dark');
  const before = await explorerWithMaps();
  await before.getByTestId('zoom-in').click();
  const words = (view: FrameLocator): Promise<string> => view.getByTestId('zoom-words').innerText();
  await expect.poll(() => words(before), { timeout: 60_000 }).toMatch(/\d–\d/);
  const part = await words(before);
  await before.locator('.maps .zoom-bar[data-moving="false"]').waitFor();
  await workbench().reload();
  const explorer = await explorerWithMaps();
  await expect.poll(() => words(explorer), { timeout: 60_000 }).toBe(part);
  expect(await explorer.getByTestId('text-input').inputValue()).toBe(text);
  expect(await chosen(explorer, 'groups-picker')).toBe('2');
  expect(await explorer.getByTestId('kv-group').count()).toBe(2);
});
