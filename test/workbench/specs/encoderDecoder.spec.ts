// An encoder-decoder as a user looks at it: opened by the dialog, run on both stacks' tokens, its three kinds of attention
// chosen in the panel and in the inspector. Weights under the pointer are held against transformers' own.
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../../scripts/lib/places.mjs';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { eventuallyEquals } from '../harness/eventually';
import { choose, chooseTitle, chosenTitle } from '../harness/controls';
import { pointAt } from '../harness/mapReadout';
import { useWorkbench } from '../harness/useWorkbench';

const folder = join(root, 'test', 'fixtures', 't5');
const workbench = useWorkbench({ folder });
let golden: Checkpoint;
beforeAll(async () => {
  golden = await openCheckpoint(join(folder, 'golden.safetensors'));
});
afterAll(() => golden.close());

const explorer = (): Promise<FrameLocator> => workbench().webview('explorer');

/** Token ids of the golden, as a user types them. */
async function ids(name: string): Promise<string> {
  const bytes = await golden.readBytes(name);
  return [...new Int32Array(bytes.slice().buffer)].join(', ');
}

async function chooseLayer(view: FrameLocator, title: string): Promise<void> {
  await chooseTitle(view, 'layer-picker', title);
}

test('opens by the dialog and runs on what both stacks read', async () => {
  await workbench().runCommand('GQA Lens: Open Checkpoint…');
  await workbench().pick(/Folder…/);
  await workbench().enterPath(`${folder}/`);
  const view = await explorer();
  await view.getByTestId('text-input').fill(await ids('input_ids'));
  await view.getByTestId('decoder-input').fill(await ids('decoder_input_ids'));
  await view.getByTestId('run').click();
  await view.getByTestId('map-mean').first().waitFor({ timeout: 60_000 });
});

test.each([
  ['Encoder 1', 'attn.encoder.1', 8],
  ['Decoder 1 · self', 'attn.decoder.1', 2],
  ['Decoder 0 · cross', 'attn.cross.0', 2],
])('%s: its groups, and weights of transformers', async (title, name, G) => {
  const view = await explorer();
  await choose(view, 'groups-picker', '2');
  await chooseLayer(view, title);
  await eventuallyEquals(() => view.getByTestId('kv-group').count(), G);
  await eventuallyEquals(() => view.getByTestId('map-mean').count(), G);
  // The maps of the checkpoint as it is: the golden knows no conversion.
  await view.getByText('Original', { exact: true }).click();
  const head = 5;
  const [S = NaN, T = NaN] = golden.tensors.get(name)?.shape.slice(1) ?? [];
  // A head that shares with none is drawn once, large.
  const place =
    G === 8 ? `[data-testid="map-mean"][data-group="${head}"]` : `[data-testid="map-head"][data-head="${head}"]`;
  const { query, key, weight } = await pointAt(view, view.locator(place), 0.3, 0.8);
  expect(query).toBe(Math.floor(0.8 * S));
  expect(key).toBe(Math.floor(0.3 * T));
  const maps = await golden.readFloat32(name);
  expect(weight).toBeCloseTo(maps[(head * S + query) * T + key] ?? NaN, 4);
});

test('keeps a picture of cross-attention by group', async () => {
  const view = await explorer();
  await chooseLayer(view, 'Decoder 0 · cross');
  await view.getByTestId('map-mean').first().scrollIntoViewIfNeeded();
  await workbench().screenshot('encoder-decoder-dark');
});

test('the inspector names every attention, and choosing one focuses it', async () => {
  const { page } = workbench();
  await page.locator('.activitybar [aria-label^="GQA Lens"]').first().click();
  const row = (label: string): Locator => page.locator('.monaco-list-row').filter({ hasText: label }).first();
  const view = await explorer();
  for (const title of ['Encoder 0', 'Decoder 1 · cross', 'Decoder 0 · self']) {
    await row(title).click();
    await eventuallyEquals(() => chosenTitle(view, 'layer-picker'), title);
  }
});
