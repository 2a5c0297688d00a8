// An encoder alone as a user looks at it: whole maps, held against transformers' own; no loss, no cache, nothing written on.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../scripts/lib/places.mjs';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { chooseTitle } from '../harness/controls';
import { pointAt } from '../harness/mapReadout';
import { useWorkbench } from '../harness/useWorkbench';

const folder = join(root, 'test', 'fixtures', 'bert');
const workbench = useWorkbench({ folder });

test('a weight above the diagonal is that of transformers', async () => {
  const golden = await openCheckpoint(join(folder, 'golden.safetensors'));
  const bytes = await golden.readBytes('input_ids');
  const ids = [...new Int32Array(bytes.slice().buffer)];
  const maps = await golden.readFloat32('attn.1');
  await golden.close();
  await workbench().runCommand('GQA Lens: Open Checkpoint…');
  await workbench().pick(/Folder…/);
  await workbench().enterPath(`${folder}/`);
  const view = await workbench().webview('explorer');
  await view.getByTestId('text-input').fill(ids.join(', '));
  await view.getByTestId('run').click();
  await chooseTitle(view, 'layer-picker', 'Layer 1');
  await view.getByText('Original', { exact: true }).click();
  const map = view.locator('[data-testid="map-head"][data-head="5"]');
  await map.waitFor({ timeout: 60_000 });
  // Query 4 looks at key 19, which comes after it.
  const S = ids.length;
  const { query, key, weight } = await pointAt(view, map, 19.5 / S, 4.5 / S);
  expect([query, key]).toEqual([4, 19]);
  expect(weight).toBeCloseTo(maps[(5 * S + 4) * S + 19] ?? NaN, 4);
});

test('panels say what does not apply to it', async () => {
  const view = await workbench().webview('explorer');
  const status = await view.getByTestId('status').innerText();
  expect(status.replace(/\s+/g, ' ')).toMatch(/loss ?none.*cache a token ?none/);
  expect(await view.getByTestId('decoder-input').isVisible()).toBe(false);
  await workbench().runCommand('GQA Lens: Compare MHA and GQA');
  const diff = await workbench().webview('diff');
  await diff.getByText(/No KV cache: an encoder reads a text once/).waitFor({ timeout: 60_000 });
  await diff.getByText(/Predicted at/).waitFor({ timeout: 60_000 });
  expect(await diff.getByText('How both go on').isVisible()).toBe(false);
  expect(await diff.getByText(/\bNaN\b/).allInnerTexts()).toEqual([]);
});
