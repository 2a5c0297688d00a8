// Choosing and exporting a conversion, as a user does: in the panel's header, by command with quick picks, with the dialogs
// of an export. The folder is real, and what the panel shows comes back after a reload.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../harness/eventually';
import { choose, chosen, offered } from '../harness/controls';
import { idle as nothingRuns } from '../harness/sampleRun';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const parent = mkdtempSync(join(tmpdir(), 'gqa-lens-export-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** Waits until something holds, without knowing how fast the machine is. */
const explorerView = (): Promise<FrameLocator> => workbench().webview('explorer');

/** Nothing runs, and both losses are told. */
async function idle(explorer: FrameLocator): Promise<void> {
  await nothingRuns(explorer);
  await eventually(
    async () => (await explorer.getByTestId('status').innerText()).includes('→'),
    'both losses are told',
  );
}

const lossOf = async (explorer: FrameLocator): Promise<number> =>
  Number(/→\s*(\d+\.\d+)/.exec(await explorer.getByTestId('status').innerText())?.[1]);

test('the header offers grouping and merge, says what they mean, and asks for a text where one is needed', async () => {
  await workbench().runCommand('GQA Lens: Open Sample Checkpoint');
  const explorer = await explorerView();
  await idle(explorer);
  // What is recommended without a text stands there at first.
  expect(await chosen(explorer, 'merge-picker')).toBe('pca');
  const note = explorer.getByTestId('conversion-note');
  expect(await note.innerText()).toMatch(/PCA: .*Needs no data/);
  expect((await offered(explorer, 'merge-picker')).groups).toEqual(['Needs no text', 'Solved on a text']);
  const best = await lossOf(explorer);

  await choose(explorer, 'merge-picker', 'mean');
  await eventually(async () => (await note.innerText()).includes('Mean of the members'), 'the merge is explained');
  await eventually(async () => (await lossOf(explorer)) > best, 'the mean costs more than PCA');
  expect(await explorer.getByTestId('calibration-picker').isVisible()).toBe(false);

  await choose(explorer, 'grouping-picker', 'strided');
  await eventually(async () => {
    const heads = explorer.getByTestId('head');
    const found = await heads.evaluateAll((all) => all.map((head) => head.getAttribute('data-group')));
    const places = await heads.evaluateAll((all) => all.map((head) => head.getAttribute('data-head')));
    return found.every((group, index) => Number(group) === Number(places[index]) % 2);
  }, 'every second head shares');
  await idle(explorer);
});

test('a merge that is solved on a text shows which, and can be cancelled', async () => {
  const explorer = await explorerView();
  await choose(explorer, 'merge-picker', 'score-als');
  const text = explorer.getByTestId('calibration-picker');
  await text.waitFor();
  expect((await offered(explorer, 'calibration-picker')).titles).toEqual(['Bundled excerpt', 'Choose a file…']);
  await choose(explorer, 'calibration-tokens-picker', '2048');
  await eventually(
    async () => /calibration text|Layer \d/.test(await explorer.getByTestId('status').innerText()),
    'it is told what is done',
  );
  await workbench().screenshot('conversion-dark');
  await explorer.getByTestId('run').click();
  await nothingRuns(explorer);
  await workbench().setTheme('light');
  await workbench().screenshot('conversion-light');
  await workbench().setTheme('dark');
});

test('the command asks for groups, grouping and merge', async () => {
  await workbench().runCommand('GQA Lens: Convert to Fewer KV Heads…');
  await workbench().pick(/^4 KV groups/);
  await workbench().pick(/^Contiguous/);
  const rows = workbench().page.locator('.quick-input-list .monaco-list-row');
  await eventually(async () => (await rows.first().innerText()).includes('Mean'), 'merges are offered');
  expect(await rows.filter({ hasText: 'recommended' }).count()).toBeGreaterThan(0);
  await workbench().screenshot('conversion-pick-dark');
  await workbench().pick(/^Renormalised|^Mean/);
  const explorer = await explorerView();
  await eventually(async () => (await explorer.getByTestId('kv-group').count()) === 4, '4 groups are drawn');
  await idle(explorer);
});

test('a conversion comes back after a reload', async () => {
  const conversion = async (explorer: FrameLocator): Promise<string[]> =>
    Promise.all(['groups-picker', 'grouping-picker', 'merge-picker'].map((id) => chosen(explorer, id)));
  const before = await conversion(await explorerView());
  expect(before.slice(0, 2)).toEqual(['4', 'contiguous']);
  await workbench().reload();
  const explorer = await explorerView();
  await idle(explorer);
  expect(await conversion(explorer)).toEqual(before);
});

test('the export asks where, and writes a folder', async () => {
  const { page } = workbench();
  const explorer = await explorerView();
  await explorer.getByTestId('export').click();
  const input = page.locator('.quick-input-widget input[type="text"]');
  await workbench().enterPath(`${parent}/`);
  await eventually(async () => (await input.inputValue()) === 'sample-gqa4', 'a name is proposed');
  await input.press('Enter');
  await workbench().pick(/^As stored/);
  await eventually(
    async () => (await workbench().notifications()).some((message) => message.includes('converted checkpoint is in')),
    'it is told where the folder is',
  );
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(parent, 'sample-gqa4', name), 'utf8')) as Record<string, unknown>;
  expect(read('config.json')).toMatchObject({ num_key_value_heads: 4, num_attention_heads: 8 });
  expect(read('gqa-lens.json')).toMatchObject({ kvHeads: 4, grouping: 'contiguous' });
  await workbench().screenshot('conversion-exported-dark');
});
