// The structure editor as a user meets it: a weight file opened from the file explorer, its tensors searched and sorted,
// statistics that are the engine's, Analyse, what is broken, 100 000 tensors.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { tensorStatistics } from '../../../src/checkpoint/tensorStatistics';
import { quietTask } from '../../../src/protocol/tasks';
import { writeManyTensors } from '../../support/manyTensors';
import { entry, safetensorsBytes } from '../../unit/checkpoint/safetensorsBytes';
import { eventually } from '../harness/eventually';
import { tick } from '../harness/controls';
import { sample } from '../harness/engineNumbers';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const temporary = mkdtempSync(join(tmpdir(), 'gqa-lens-structure-spec-'));
const folder = join(temporary, 'novels-llama');
mkdirSync(join(folder, 'exotic'), { recursive: true });
for (const name of ['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json']) {
  copyFileSync(join(sample, name), join(folder, name));
}
writeFileSync(join(folder, 'broken.safetensors'), Buffer.alloc(64, 0xff));
// A family that nobody knows, whose config tells its heads all the same.
writeFileSync(
  join(folder, 'exotic', 'config.json'),
  JSON.stringify({
    ...{ model_type: 'exotic', hidden_size: 8192, num_hidden_layers: 80 },
    ...{ num_attention_heads: 128, num_key_value_heads: 16 },
  }),
);
writeFileSync(
  join(folder, 'exotic', 'wide.safetensors'),
  safetensorsBytes({ ids: entry('I64', [1], 0, 8), w: entry('F32', [1], 8, 12) }, new Uint8Array(12)),
);
beforeAll(async () => {
  await writeManyTensors(join(folder, 'many.safetensors'), 100_000);
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const workbench = useWorkbench({ folder });
const themeNames = Object.keys(themes) as ThemeName[];
const kProjection = 'model.layers.1.self_attn.k_proj.weight';

/** The page of the file with this name, once it is drawn. */
async function editor(name: string): Promise<FrameLocator> {
  const found = async (): Promise<FrameLocator | null> => {
    const page = await workbench().webview('structure');
    return (await page.locator('h1').innerText()) === name ? page : null;
  };
  await eventually(async () => (await found().catch(() => null)) !== null, `${name} is shown`);
  return workbench().webview('structure');
}

/** Opens a file as Quick Open does. */
async function open(name: string): Promise<FrameLocator> {
  const { page } = workbench();
  await page.keyboard.press('Control+P');
  await page.locator('.quick-input-widget input[type="text"]').fill(name);
  await workbench().pick(name);
  return editor(name);
}

const rows = (page: FrameLocator): Locator => page.getByTestId('tensor');
const nameOf = (row: Locator): Promise<string | null> => row.first().getAttribute('data-name');

async function shownNumber(page: FrameLocator, statistic: string): Promise<number> {
  return Number(await page.locator(`[data-statistic="${statistic}"]`).getAttribute('data-value'));
}

test('a double click on a .safetensors file shows what it holds', async () => {
  await workbench()
    .page.locator('.explorer-folders-view .monaco-list-row')
    .filter({ hasText: 'model.safetensors' })
    .dblclick();
  const page = await editor('model.safetensors');
  await rows(page).first().waitFor();
  const summary = await page.getByTestId('summary').innerText();
  expect(summary).toMatch(/Family\s+Llama/);
  expect(summary).toMatch(/Layers\s+6/);
  expect(summary).toMatch(/8 query · 8 KV · head size 32/);
  expect(summary).toMatch(/6\s*KiB a token/);
  expect(await page.getByTestId('heads').innerText()).toMatch(/8 query heads, each with a KV head of its own/);
  expect(await page.getByTestId('query-head').count()).toBe(8);
  expect(await page.getByTestId('kv-head').count()).toBe(8);
});

test('finds tensors by words and layer number, and sorts them', async () => {
  const page = await editor('model.safetensors');
  await page.getByTestId('filter').fill('1 k_proj');
  await eventually(async () => (await rows(page).count()) === 1, 'one tensor is left');
  expect(await nameOf(rows(page))).toBe(kProjection);
  await page.getByTestId('filter').fill('');
  await tick(page, 'grouped', false);
  await page.getByTestId('sort-bytes').click();
  await eventually(async () => (await nameOf(rows(page))) === 'model.embed_tokens.weight', 'the largest comes first');
  await page.getByTestId('sort-bytes').click();
  await eventually(async () => ((await nameOf(rows(page))) ?? '').includes('norm'), 'the smallest comes first');
  await page.getByTestId('sort-name').click();
  await tick(page, 'grouped', true);
});

test('folds layers by pointer and by keyboard', async () => {
  const page = await editor('model.safetensors');
  const group = page.getByTestId('tensor-group');
  await page.getByTestId('fold-all').click();
  await eventually(async () => (await group.count()) === 6, 'every layer is folded');
  await group.nth(2).click();
  await eventually(async () => (await group.nth(2).getAttribute('aria-expanded')) === 'true', 'layer 2 is open');
  await workbench().page.keyboard.press('ArrowDown');
  await workbench().page.keyboard.press('ArrowLeft');
  await workbench().page.keyboard.press('ArrowLeft');
  await eventually(async () => (await group.nth(2).getAttribute('aria-expanded')) === 'false', 'layer 2 is folded');
  await page.getByTestId('fold-all').click();
});

test('statistics of a tensor are those of the engine', async () => {
  const page = await editor('model.safetensors');
  await page.getByTestId('filter').fill('1 k_proj');
  await eventually(async () => (await rows(page).count()) === 1, 'one tensor is left');
  await rows(page).click();
  await page.locator('[data-testid="statistics"][data-state="done"]').waitFor();
  const checkpoint = await openCheckpoint(join(folder, 'model.safetensors'));
  const expected = await tensorStatistics(checkpoint, kProjection, quietTask);
  await checkpoint.close();
  for (const key of ['minimum', 'maximum', 'mean', 'standardDeviation', 'norm', 'zeros'] as const) {
    expect(await shownNumber(page, key)).toBe(expected[key]);
  }
  expect(await page.getByTestId('histogram').locator('rect').count()).toBe(expected.histogram.length);
  await page.getByTestId('filter').fill('');
  // What was found is still in sight, among its layer.
  await page.locator('[data-testid="tensor"][aria-selected="true"]').waitFor();
});

test.each(themeNames)('keeps pictures, %s', async (theme) => {
  await workbench().setTheme(theme);
  const page = await editor('model.safetensors');
  await page.locator('[data-testid="statistics"][data-state="done"]').waitFor();
  await workbench().page.mouse.move(800, 5);
  await workbench().screenshot(`structure-${theme}`);
});

test('hidden and shown again, and after a reload, everything is where it was', async () => {
  await workbench().setTheme('dark');
  const before = await editor('model.safetensors');
  await before.getByTestId('filter').fill('layers.4');
  await before.getByTestId('sort-bytes').click();
  const isBack = async (page: FrameLocator): Promise<boolean> =>
    (await page.getByTestId('filter').inputValue()) === 'layers.4' &&
    (await page.locator('[aria-sort="descending"]').count()) === 1 &&
    (await page.getByTestId('details-name').innerText()) === kProjection;
  await open('broken.safetensors');
  const shown = await open('model.safetensors');
  await shown.locator('[data-testid="statistics"][data-state="done"]').waitFor();
  expect(await isBack(shown)).toBe(true);
  await workbench().reload();
  const restored = await editor('model.safetensors');
  await restored.locator('[data-testid="statistics"][data-state="done"]').waitFor();
  expect(await isBack(restored)).toBe(true);
});

test('a broken file is explained, and shown as soon as it is whole', async () => {
  const page = await open('broken.safetensors');
  const problem = page.getByTestId('problem');
  await problem.waitFor();
  expect(await problem.innerText()).toMatch(/File\s+.*broken\.safetensors[\s\S]*Found\s[\s\S]*Next\s/);
  await workbench().screenshot('structure-broken');
  copyFileSync(join(sample, 'model.safetensors'), join(folder, 'broken.safetensors'));
  await rows(page).first().waitFor({ timeout: 60_000 });
  expect(await problem.count()).toBe(0);
});

test('a model of no known family shows what is known, and why it cannot be run', async () => {
  const page = await open('wide.safetensors');
  await page.getByTestId('query-head').first().waitFor();
  expect(await page.getByTestId('query-head').count()).toBe(128);
  expect(await page.getByTestId('kv-head').count()).toBe(16);
  expect(await page.getByTestId('heads').innerText()).toMatch(
    /Layers 0–79 128 query heads on 16 KV heads: 8 share each/,
  );
  expect(await page.getByTestId('summary').innerText()).toMatch(/Not known\s+.*Positions/);
  expect(await page.getByTestId('analyse').isDisabled()).toBe(true);
  expect(await page.getByTestId('not-runnable').innerText()).toMatch(/exotic/);
  // Ids are no weights: their statistics are refused, naming the type.
  await page.locator('[data-testid="tensor"][data-name="ids"]').click();
  expect(await page.getByTestId('statistics-problem').innerText()).toMatch(/dtype I64/);
  await workbench().screenshot('structure-unknown');
});

test('copies the name of a tensor', async () => {
  const page = await open('wide.safetensors');
  await page.locator('[data-testid="tensor"][data-name="ids"]').click();
  await workbench().page.keyboard.press('Control+C');
  await page.getByTestId('copy-name').click();
  await page.getByTestId('copy-name').getByText('Copied').or(page.getByText('Copied')).first().waitFor();
  await page.getByTestId('filter').focus();
  await workbench().page.keyboard.press('Control+V');
  await eventually(async () => (await page.getByTestId('filter').inputValue()) === 'ids', 'the name is pasted');
});

test('100 000 tensors open, and are searched and scrolled', async () => {
  const page = await open('many.safetensors');
  await rows(page).first().waitFor();
  expect(await page.getByTestId('count').innerText()).toMatch(/^100.000 /);
  expect(await rows(page).count()).toBeLessThan(200);
  await page.getByTestId('tensors').focus();
  await workbench().page.keyboard.press('End');
  const last = 'model.layers.999.part.99.weight';
  await eventually(async () => (await nameOf(page.locator(`[data-name="${last}"]`))) === last, 'the last is reached');
  // Hidden and shown again, the table is scrolled as it was.
  await open('wide.safetensors');
  await (await open('many.safetensors')).locator(`[data-name="${last}"]`).waitFor();
  await page.getByTestId('filter').fill('512 part.7.');
  await eventually(async () => (await rows(page).count()) === 1, 'one tensor is found');
  await page.getByTestId('filter').fill('');
  await eventually(async () => (await rows(page).count()) > 1, 'all are listed again');
  await workbench().screenshot('structure-many');
  const analyse = page.getByTestId('analyse');
  // Its config is the sample's, its tensors are not.
  expect(await analyse.isDisabled()).toBe(true);
  expect(await page.getByTestId('not-runnable').innerText()).not.toBe('');
});

test('Analyse opens the explorer on the file', async () => {
  const page = await open('model.safetensors');
  await page.getByTestId('analyse').click();
  const explorer = await workbench().webview('explorer');
  await eventually(
    async () => (await explorer.locator('h1').innerText()).includes('model.safetensors'),
    'the model is shown',
  );
});
