// Figures as files: by their menus, by context menus and by the palette. Pictures show what the page does and say what they are
// of; numbers are the engine's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { artifacts, folder } from '../../../scripts/lib/places.mjs';
import { writeRandomLlama } from '../../support/randomLlama';
import { attentionOf, measuresOf } from '../harness/engineNumbers';
import { choose, chosen } from '../harness/controls';
import { chooseInMenu, figure, parseCsv, pngSize, saveFigure, savedTo } from '../harness/figures';
import { drawn, openComparison, runOnSample } from '../harness/sampleRun';
import { useWorkbench } from '../harness/useWorkbench';

const models = mkdtempSync(join(tmpdir(), 'gqa-lens-figures-'));
afterAll(() => rmSync(models, { recursive: true, force: true }));
const workbench = useWorkbench();
const pictures = folder(join(artifacts, 'figures'));
const text = 'Watson looked at Holmes, and Holmes looked at the red hair of the man.';
let explorer: FrameLocator;
let diff: FrameLocator;

interface FigureJson {
  title: string;
  model: string;
  text: string;
  layer: string | null;
  conversion: string;
  adapter: string;
  columns: string[];
  rows: (string | number | null)[][];
}

/** What a browser makes of an SVG file that stands alone: its texts, and how many colours it has. */
async function look(svg: string): Promise<{ texts: string[]; colors: number; isWellFormed: boolean }> {
  return workbench().page.evaluate(async (source) => {
    const parsed = new DOMParser().parseFromString(source, 'image/svg+xml');
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d');
    context?.drawImage(image, 0, 0);
    const pixels = new Uint32Array(context?.getImageData(0, 0, canvas.width, canvas.height).data.buffer ?? []);
    return {
      texts: [...parsed.querySelectorAll('text')].map((label) => label.textContent),
      colors: new Set(pixels).size,
      isWellFormed: parsed.querySelector('parsererror') === null,
    };
  }, svg);
}

/** Chooses an entry of the open context menu. */
async function contextMenu(): Promise<string[]> {
  const entries = workbench().page.locator('.monaco-menu .action-label:not(.separator)');
  await entries.first().waitFor();
  return (await entries.allInnerTexts()).map((entry) => entry.trim());
}

test('pictures of the explorer’s figures stand alone and say what they are of', async () => {
  explorer = await runOnSample(workbench(), text);
  const expected: Record<string, [text: RegExp, colors: number]> = {
    overview: [/^0$/, 20],
    assignment: [/^KV 0/, 8],
    similarity: [/^KV? ?\d|^\d$/, 20],
    text: [/Watson|Wats/, 6],
    divergence: [/^1\.\d{3} nat$|nat$/, 4],
    maps: [/^KV 1$/, 60],
  };
  for (const [name, [label, colors]] of Object.entries(expected)) {
    const { bytes } = await saveFigure(workbench(), explorer, name, join(pictures, `explorer-${name}.svg`));
    const seen = await look(bytes.toString('utf8'));
    expect(seen.isWellFormed, name).toBe(true);
    expect(seen.colors, name).toBeGreaterThan(colors);
    expect(
      seen.texts.some((line) => label.test(line.trim())),
      `${name}: ${seen.texts.join('|')}`,
    ).toBe(true);
    const foot = seen.texts.join(' ');
    expect(foot).toContain('sample (Llama, 6 layers, MHA of 8 heads)');
    expect(foot).toContain('GQA-2');
    expect(foot).toContain(text.slice(0, 30));
  }
  await workbench().screenshot('figures-explorer');
});

test('a PNG has twice the pixels of the screen, and more than one colour', async () => {
  const box = await figure(explorer, 'maps').boundingBox();
  const { bytes, proposed } = await saveFigure(workbench(), explorer, 'maps', join(pictures, 'explorer-maps.png'));
  expect(proposed).toMatch(/sample-maps-layer-3\.png$/);
  const { width, height } = pngSize(bytes);
  expect(width).toBeGreaterThanOrEqual(2 * (box?.width ?? NaN));
  expect(height).toBeGreaterThanOrEqual(2 * (box?.height ?? NaN));
  // One colour alone is packed into next to nothing.
  expect(bytes.length).toBeGreaterThan(20_000);
});

test('numbers are the engine’s: every weight of the maps, KL of every token', async () => {
  const csv = await saveFigure(workbench(), explorer, 'maps', join(pictures, 'explorer-maps.csv'));
  const [head = [], ...rows] = parseCsv(csv.bytes.toString('utf8'));
  const { maps, S } = await attentionOf(text, 3);
  expect(rows).toHaveLength((S * (S + 1)) / 2);
  expect(head.slice(0, 4)).toEqual(['query', 'query token', 'key', 'key token']);
  for (const row of rows) {
    const [query, key] = [Number(row[0]), Number(row[2])];
    for (let headNumber = 0; headNumber < 8; headNumber++) {
      const value = Number(row[head.indexOf(`Q${headNumber}`)]);
      expect(Math.abs(value - (maps[(headNumber * S + query) * S + key] ?? NaN))).toBeLessThan(1e-5);
    }
  }
  const json = await saveFigure(workbench(), explorer, 'divergence', join(pictures, 'explorer-divergence.json'));
  const found = JSON.parse(json.bytes.toString('utf8')) as FigureJson;
  const { klMean } = await measuresOf(text, 2, await chosen(explorer, 'merge-picker'));
  expect(found).toMatchObject({ model: 'sample', text, layer: null, columns: ['position', 'token', 'KL (nats)'] });
  expect(found.conversion).toMatch(/^GQA-2, contiguous, /);
  const kls = found.rows.map(([, , kl]) => Number(kl));
  expect(kls.reduce((sum, kl) => sum + kl, 0) / kls.length).toBeCloseTo(klMean, 4);
});

test('a figure is a table on demand', async () => {
  await chooseInMenu(explorer, 'similarity', 'table');
  const similarity = figure(explorer, 'similarity');
  const table = similarity.getByTestId('table-similarity');
  expect(await table.locator('caption').innerText()).toMatch(/of K heads in layer 3/);
  expect(await table.locator('tbody tr').count()).toBe(8);
  expect(await similarity.getByTestId('similarity-cell').first().isVisible()).toBe(false);
  const svg = await saveFigure(workbench(), explorer, 'similarity', join(pictures, 'explorer-similarity-table.svg'));
  expect((await look(svg.bytes.toString('utf8'))).colors).toBeGreaterThan(20);
  await workbench().screenshot('figures-table');
  await chooseInMenu(explorer, 'similarity', 'table');
  expect(await similarity.getByTestId('similarity-cell').first().isVisible()).toBe(true);
});

test('the context menu knows the figure, the group and the head', async () => {
  await explorer.locator('[data-testid="kv-group"][data-group="1"]').click({ button: 'right' });
  const entries = await contextMenu();
  await workbench().screenshot('figures-context-menu');
  expect(entries).toEqual([
    ...['Show Only This Group', 'Compare MHA and GQA', 'View as Table or Figure', 'Save as PNG…', 'Save as SVG…'],
    ...['Save as CSV…', 'Save as JSON…', 'Copy as CSV'],
  ]);
  await workbench().chooseInContextMenu('Show Only This Group');
  await expect.poll(() => explorer.getByTestId('map-mean').count()).toBe(1);
  await explorer.locator('[data-testid="kv-group"][data-group="1"]').click({ button: 'right' });
  await workbench().chooseInContextMenu('Save as CSV…');
  const { bytes } = await savedTo(workbench(), join(pictures, 'explorer-assignment.csv'));
  const [, ...rows] = parseCsv(bytes.toString('utf8'));
  expect(rows.map(([head, , group]) => [head, group])).toEqual(
    Array.from({ length: 8 }, (_, head) => [String(head), String(Math.floor(head / 4))]),
  );
});

test('the context menu of a map follows the token of the cell', async () => {
  const map = explorer.getByTestId('map-mean').first();
  const box = await map.boundingBox();
  const place = { x: (box?.width ?? 0) * 0.1, y: (box?.height ?? 0) * 0.7 };
  await map.hover({ position: place });
  const query = await explorer.getByTestId('readout').getAttribute('data-query');
  await map.click({ button: 'right', position: place });
  await workbench().chooseInContextMenu('Follow This Token');
  const selected = explorer.locator('.text-strip .selected');
  await expect.poll(() => selected.count()).toBeGreaterThan(0);
  expect(await selected.first().getAttribute('data-token')).toBe(query);
});

test('the palette saves a figure of the panel that is looked at', async () => {
  diff = await openComparison(workbench());
  await drawn(diff);
  await workbench().runCommand('GQA Lens: Save Figure');
  await workbench().pick('Drift by layer');
  await workbench().pick('JSON');
  const { bytes } = await savedTo(workbench(), join(pictures, 'diff-drift.json'));
  const found = JSON.parse(bytes.toString('utf8')) as FigureJson;
  expect(found.rows).toHaveLength(6);
  const shown = await diff
    .getByTestId('drift-layer')
    .evaluateAll((layers) => layers.map((layer) => Number(layer.getAttribute('data-residual'))));
  const column = found.columns.findIndex((title) => title.startsWith('residual'));
  expect(found.rows.map((row) => row[column])).toEqual(shown);
});

test('figures of the comparison become pictures', async () => {
  for (const name of ['summary', 'drift', 'divergence-map', 'large-maps', 'heads', 'words']) {
    const { bytes } = await saveFigure(workbench(), diff, name, join(pictures, `diff-${name}.svg`));
    const seen = await look(bytes.toString('utf8'));
    expect(seen.isWellFormed, name).toBe(true);
    expect(seen.colors, name).toBeGreaterThan(5);
    expect(seen.texts.join(' ')).toContain('sample (Llama');
  }
  await workbench().screenshot('figures-diff');
});

test('what a weight file holds becomes a picture and a list', async () => {
  const { page } = workbench();
  await page.keyboard.press('Control+P');
  await page.locator('.quick-input-widget input[type="text"]').fill('sample/model.safetensors');
  await workbench().pick('model.safetensors');
  const structure = await workbench().webview('structure');
  await structure.getByTestId('kv-head').first().waitFor();
  const svg = await saveFigure(workbench(), structure, 'heads', join(pictures, 'structure-heads.svg'));
  expect((await look(svg.bytes.toString('utf8'))).texts).toContain('7');
  const csv = await saveFigure(workbench(), structure, 'tensors', join(pictures, 'structure-tensors.csv'));
  const [columns, ...rows] = parseCsv(csv.bytes.toString('utf8'));
  expect(columns).toEqual(['name', 'type', 'shape', 'elements', 'bytes', 'role', 'file']);
  expect(rows.find(([name]) => name === 'model.layers.0.self_attn.k_proj.weight')).toEqual([
    ...['model.layers.0.self_attn.k_proj.weight', 'BF16', '256x256', '65536', '131072', 'k.weight'],
    'model.safetensors',
  ]);
  await workbench().screenshot('figures-structure');
});

test('an overview of more cells than a picture holds is of the layers in sight, and says so', async () => {
  // 97 layers of 96 groups: one layer more than fits.
  const tall = folder(join(models, 'tall'));
  await writeRandomLlama(tall, { L: 97, D: 32, H: 96, G: 96, K: 4, F: 16, V: 64 });
  await workbench().runCommand('GQA Lens: Open Checkpoint…');
  await workbench().pick(/Folder…/);
  await workbench().enterPath(`${tall}/`);
  await workbench().page.locator('.tab').filter({ hasText: /^tall/ }).first().waitFor();
  const view = await workbench().webview('explorer');
  await expect.poll(() => view.locator('h1').innerText(), { timeout: 60_000 }).toBe('tall');
  const rows = view.locator('.overview-row.layer');
  await choose(view, 'groups-picker', '96');
  await expect.poll(() => view.locator('.overview .group-head').count(), { timeout: 60_000 }).toBe(96);
  await rows.first().waitFor();
  const drawnRows = (): Promise<number[]> =>
    rows.evaluateAll((all) => all.map((row) => Number(row.getAttribute('data-layer'))));
  const before = await drawnRows();
  expect(before.length).toBeLessThan(97);
  const { bytes } = await saveFigure(workbench(), view, 'overview', join(pictures, 'explorer-overview-tall.svg'));
  const seen = await look(bytes.toString('utf8'));
  expect(seen.isWellFormed).toBe(true);
  expect(seen.texts.join(' ')).toContain('tall (Llama, 97 layers, MHA of 96 heads)');
  const [, part] = /· (\d+) of 97 layers(?! known)/.exec(seen.texts.join(' ')) ?? [];
  expect(Number(part)).toBeGreaterThan(3);
  expect(Number(part)).toBeLessThanOrEqual(before.length);
  expect(await drawnRows()).toEqual(before);
  const { bytes: png } = await saveFigure(workbench(), view, 'overview', join(pictures, 'explorer-overview-tall.png'));
  // As tall as what is in sight, without the room of the 97 rows, nor that of the taller figure beside it.
  expect(pngSize(png).height).toBeLessThan(2 * 1000);
  expect(await drawnRows()).toEqual(before);
  await workbench().screenshot('figures-tall');
});
