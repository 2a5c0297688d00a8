// The history of runs in the side bar, and files that are marked as open, as a user meets them; over a reload.
import type { FrameLocator, Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { eventually } from '../harness/eventually';
import { choose, chosen } from '../harness/controls';
import { idle, runText } from '../harness/sampleRun';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const texts = ['Holmes looked at the red hair.', 'Watson wrote it all down.'];

const explorerView = (): Promise<FrameLocator> => workbench().webview('explorer');
const row = (label: string): Locator => workbench().page.locator('.monaco-list-row').filter({ hasText: label }).first();

async function run(text: string): Promise<void> {
  await runText(await explorerView(), text);
  await row(text).waitFor({ timeout: 90_000 });
}

test('says what it is for while it is empty', async () => {
  const { page } = workbench();
  await page.locator('.activitybar [aria-label^="GQA Lens"]').first().click();
  await page.getByText('What is run on a checkpoint is listed here').waitFor();
});

test('lists what was run, newest first, with conversion and losses', async () => {
  await workbench().runCommand('GQA Lens: Open Sample Checkpoint');
  for (const text of texts) await run(text);
  const labels = await workbench().page.locator('.monaco-list-row').allInnerTexts();
  const places = texts.map((text) => labels.findIndex((label) => label.includes(text)));
  expect(places[1]).toBeLessThan(places[0] ?? -1);
  expect(await row(texts[1] ?? '').innerText()).toMatch(/^8→2\s*\d\.\d\d→\d\.\d\d · Watson/);
});

/** Whether a row's conversion and losses stand left of where the row is cut off, and of the dots there. */
async function isOutcomeSeen(): Promise<boolean> {
  return row(texts[1] ?? '').evaluate((element) => {
    const label = element.querySelector('.monaco-icon-label-container');
    const text = element.querySelector('.label-description')?.firstChild;
    const losses = /^\d+\.\d\d→\d+\.\d\d/.exec(text?.textContent ?? '')?.[0];
    if (!label || !text || losses === undefined) return false;
    const words = element.ownerDocument.createRange();
    words.setStart(text, 0);
    words.setEnd(text, losses.length);
    const dots = 12;
    return words.getBoundingClientRect().right <= label.getBoundingClientRect().right - dots;
  });
}

test('shows conversion and losses of a run however narrow the side bar is', async () => {
  const { page } = workbench();
  const sideBar = page.locator('.part.sidebar');
  const width = async (): Promise<number> => (await sideBar.boundingBox())?.width ?? NaN;
  const drag = async (to: number): Promise<void> => {
    const { x = 0, width: from = 0 } = (await sideBar.boundingBox()) ?? {};
    await page.mouse.move(x + from, 600);
    await page.mouse.down();
    await page.mouse.move(x + to, 600, { steps: 5 });
    await page.mouse.up();
  };
  const usual = await width();
  expect(await isOutcomeSeen()).toBe(true);
  await drag(172);
  await eventually(async () => (await width()) < 180, 'the side bar is narrow');
  expect(await isOutcomeSeen()).toBe(true);
  await workbench().screenshot('history-narrow');
  await drag(usual);
  await eventually(async () => Math.abs((await width()) - usual) < 3, 'the side bar is as it was');
});

test('brings a run back with its conversion', async () => {
  const explorer = await explorerView();
  await choose(explorer, 'groups-picker', '4');
  await row('8→4').waitFor({ timeout: 90_000 });
  for (const theme of Object.keys(themes) as ThemeName[]) {
    await workbench().setTheme(theme);
    await workbench().screenshot(`history-${theme}`);
  }
  await workbench().setTheme('dark');
  await row(texts[0] ?? '').click();
  await eventually(
    async () => (await explorer.getByTestId('text-input').inputValue()) === texts[0],
    'the text is back',
  );
  await eventually(async () => (await chosen(explorer, 'groups-picker')) === '2', 'the conversion is back');
});

test('steps through layers by key', async () => {
  const explorer = await explorerView();
  const layer = Number(await chosen(explorer, 'layer-picker'));
  // Focus in the page, in nothing that takes arrow keys itself.
  await explorer.getByTestId('run').focus();
  await workbench().page.keyboard.press('Alt+ArrowDown');
  await eventually(async () => Number(await chosen(explorer, 'layer-picker')) === layer + 1, 'the next layer is shown');
  await workbench().page.keyboard.press('Alt+ArrowUp');
  await eventually(async () => Number(await chosen(explorer, 'layer-picker')) === layer, 'the layer before is shown');
});

test('is there after a reload, and can be cleared', async () => {
  const { page } = workbench();
  await workbench().reload();
  await row(texts[1] ?? '').waitFor();
  await idle(await explorerView());
  await workbench().runCommand('GQA Lens: Clear History of Runs…');
  await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Clear History' }).click();
  await row(texts[1] ?? '').waitFor({ state: 'detached' });
});

test('marks the folder of an open checkpoint in the Explorer', async () => {
  const { page } = workbench();
  await page.locator('.activitybar [aria-label^="Explorer"]').first().click();
  const folder = page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'sample' }).first();
  await folder.click({ button: 'right' });
  await workbench().chooseInContextMenu('Open in GQA Lens');
  await explorerView();
  await eventually(async () => {
    const badge = (element: Element): string => {
      const label = element.querySelector('.monaco-icon-label');
      return label === null ? '' : getComputedStyle(label, '::after').content;
    };
    return (await folder.evaluate(badge)).includes('KV');
  }, 'the folder has a mark');
  await workbench().screenshot('decoration-dark');
});
