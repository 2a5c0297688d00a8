// A model of 32 layers × 32 heads × 8 groups in the explorer: it is drawn, its numbers are the engine's, and it holds and sends no
// more than its pictures need. Times are measured and kept in artifacts/, not asserted: BENCHMARKS.md tells them.
// GQA_LENS_LARGE_TOKENS sets another length of the text.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifacts, folder } from '../../../scripts/lib/places.mjs';
import { writeRandomLlama } from '../../support/randomLlama';
import { choose } from '../harness/controls';
import { frameWith, heapOf, meter, notesOf, quantile, workOf } from '../harness/frameMeter';
import { Workbench } from '../harness/workbench';

const tokens = Number(process.env.GQA_LENS_LARGE_TOKENS ?? 1024);
const shape = { L: 32, D: 256, H: 32, G: 8, K: 8, F: 512, V: 512 };
const MEGABYTE = 2 ** 20;
/** The issue's bound for the page: JavaScript objects, pictures' data included. */
const MOST_HEAP = 300 * MEGABYTE;

let workbench: Workbench | undefined;
let models = '';
const measured: Record<string, number | string> = { ...shape, tokens };

beforeAll(async () => {
  models = mkdtempSync(join(tmpdir(), 'gqa-lens-large-'));
  await writeRandomLlama(folder(join(models, 'large')), shape);
  workbench = await Workbench.open({ folder: models, settings: { 'gqaLens.maxTokens': tokens } });
});

afterAll(async () => {
  await workbench?.close();
  rmSync(models, { recursive: true, force: true });
  writeFileSync(join(folder(artifacts), 'large-model.json'), JSON.stringify(measured, null, 2));
  console.log(measured);
});

function opened(): Workbench {
  if (!workbench) throw new Error('The workbench exists only while tests run.');
  return workbench;
}

async function mapsOf(explorer: FrameLocator): Promise<void> {
  await explorer.getByTestId('map-mean').first().waitFor({ timeout: 600_000 });
}

test('opens and draws', { timeout: 900_000 }, async () => {
  const { page } = opened();
  await opened().runCommand('GQA Lens: Open Checkpoint…');
  await opened().pick(/Folder…/);
  await opened().enterPath(`${join(models, 'large')}/`);
  const explorer = await opened().webview('explorer');
  const frame = await frameWith(page, 'explorer');
  await meter(frame);
  const run = explorer.getByTestId('run');
  await expect.poll(async () => (await run.innerText()).trim(), { timeout: 60_000 }).toBe('Run');
  const ids = Array.from({ length: tokens }, (_, place) => (place * 37 + ((place * place) % 11)) % shape.V);
  await explorer.getByTestId('text-input').fill(ids.join(', '));
  await run.click();
  // Thousands are told apart by a space.
  const told = async (): Promise<string> => (await explorer.getByTestId('status').innerText()).replace(/\s/g, '');
  await expect.poll(told, { timeout: 600_000, interval: 500 }).toContain(`tokens${tokens}`);
  await expect.poll(async () => (await run.innerText()).trim(), { timeout: 600_000 }).toBe('Run');
  await mapsOf(explorer);
  // Every thumbnail of the overview that is in sight, and every map of the layer.
  const settled = async (): Promise<boolean> => {
    const first = (await notesOf(frame)).messages.length;
    await page.waitForTimeout(5000);
    return first === (await notesOf(frame)).messages.length;
  };
  await expect.poll(settled, { timeout: 600_000 }).toBe(true);
  await opened().screenshot('large-model');
  const { messages, pictures } = await notesOf(frame);
  const bytes = messages.reduce((sum, message) => sum + message.bytes, 0);
  const seconds = ((messages.at(-1)?.at ?? 0) - (messages[0]?.at ?? 0)) / 1000;
  measured['messages, MB'] = bytes / 1e6;
  measured['messages, seconds'] = seconds;
  measured['messages, MB a second'] = bytes / 1e6 / seconds;
  measured['largest message, MB'] = Math.max(...messages.map((message) => message.bytes)) / 1e6;
  const waits = pictures.map(({ sinceData }) => sinceData);
  measured['picture after its data, median ms'] = quantile(waits, 0.5);
  measured['picture after its data, 95 % ms'] = quantile(waits, 0.95);
  measured['picture after its data, first ms'] = waits[0] ?? NaN;
  expect(pictures.length).toBeGreaterThan(40);
});

test('follows the pointer', { timeout: 300_000 }, async () => {
  const { page } = opened();
  const explorer = await opened().webview('explorer');
  const map = explorer.getByTestId('map-mean').first();
  await map.scrollIntoViewIfNeeded();
  const box = await map.boundingBox();
  if (!box) throw new Error('The map has no place on the page.');
  const frame = await frameWith(page, 'explorer');
  const before = (await notesOf(frame)).hovers.length;
  const work = await workOf(page, frame, 200, (step) => {
    const along = step / 200;
    return page.mouse.move(box.x + box.width * along * 0.9, box.y + box.height * (0.1 + 0.9 * along));
  });
  await expect.poll(async () => (await notesOf(frame)).hovers.length - before, { timeout: 60_000 }).toBeGreaterThan(50);
  const hovers = (await notesOf(frame)).hovers.slice(before);
  measured['hover, script, style and layout, median ms'] = quantile(work, 0.5);
  measured['hover, script, style and layout, 95 % ms'] = quantile(work, 0.95);
  measured['hover with painting, median ms'] = quantile(hovers, 0.5);
  measured['hover with painting, 95 % ms'] = quantile(hovers, 0.95);
  // Over the text, every token of it changes its shade.
  const strip = explorer.locator('.text-shades');
  await strip.scrollIntoViewIfNeeded();
  const area = await strip.boundingBox();
  if (!area) throw new Error('The text has no place on the page.');
  const overText = await workOf(page, frame, 100, (step) =>
    page.mouse.move(area.x + 20 + ((step * 37) % (area.width - 40)), area.y + 10 + (area.height - 20) * (step / 100)),
  );
  measured['hover over the text, script, style and layout, median ms'] = quantile(overText, 0.5);
  measured['hover over the text, script, style and layout, 95 % ms'] = quantile(overText, 0.95);
});

test('holds less than its bound', { timeout: 300_000 }, async () => {
  const { page } = opened();
  const explorer = await opened().webview('explorer');
  // As a user who looks around: the maps of one layer after the other.
  for (const layer of [7, 15, 23, 31]) {
    await choose(explorer, 'layer-picker', String(layer));
    await expect
      .poll(async () => explorer.getByTestId('map-mean').first().isVisible(), { timeout: 120_000 })
      .toBe(true);
    await page.waitForTimeout(3000);
  }
  const bytes = await heapOf(page, await frameWith(page, 'explorer'));
  measured['heap, MB'] = bytes / MEGABYTE;
  expect(bytes).toBeLessThan(MOST_HEAP);
});
