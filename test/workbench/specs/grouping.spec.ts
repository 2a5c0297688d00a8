// Groups changed by hand in the explorer, as a user does it: drag and keyboard, undo and redo, all layers, files, reload.
// The attributes that are read here are drawn from the engine's own grouping.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { eventuallyEquals } from '../harness/eventually';
import { choose, chosen } from '../harness/controls';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const folder = mkdtempSync(join(tmpdir(), 'gqa-lens-grouping-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function explorer(): Promise<FrameLocator> {
  const view = await workbench().webview('explorer');
  await view.getByTestId('head').first().waitFor({ timeout: 60_000 });
  return view;
}

const head = (view: FrameLocator, number: number): Locator => view.locator(`g.head[data-head="${number}"]`);
const group = (view: FrameLocator, number: number): Locator => view.locator(`g.kv-group[data-group="${number}"]`);

/** The group of each head, by number. */
async function groups(view: FrameLocator): Promise<number[]> {
  const pairs = await view
    .getByTestId('head')
    .evaluateAll((heads) =>
      heads.map((item) => ['data-head', 'data-group'].map((name) => Number(item.getAttribute(name)))),
    );
  return pairs.sort(([a = 0], [b = 0]) => a - b).map(([, own = NaN]) => own);
}

async function middle(item: Locator): Promise<{ x: number; y: number }> {
  await item.scrollIntoViewIfNeeded();
  const box = await item.boundingBox();
  if (!box) throw new Error('it is not drawn');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(from: Locator, to: Locator): Promise<void> {
  const { mouse } = workbench().page;
  const [start, end] = [await middle(from), await middle(to)];
  await mouse.move(start.x, start.y);
  await mouse.down();
  await mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
  await mouse.move(end.x, end.y, { steps: 4 });
  await mouse.up();
}

const losses = (view: FrameLocator): Promise<string> => view.getByTestId('grouping-losses').innerText();

test('a head dragged onto a group moves there, and what that costs is told', async () => {
  await workbench().runCommand('GQA Lens: Open Sample Checkpoint');
  const view = await explorer();
  await choose(view, 'groups-picker', '2');
  await eventuallyEquals(() => groups(view), [0, 0, 0, 0, 1, 1, 1, 1]);
  await expect.poll(() => losses(view), { timeout: 60_000 }).toMatch(/KL/);
  await drag(head(view, 1), group(view, 1));
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 1, 1, 1]);
  expect(await chosen(view, 'grouping-picker')).toBe('manual');
  expect(await view.getByTestId('grouping-said').innerText()).toBe('Q1 moved from KV 0 to KV 1.');
  await expect.poll(() => losses(view), { timeout: 60_000 }).toMatch(/loss \d.*\(\+\d.*KL \d.*unequal groups \(3, 5\)/);
  // Beside what it was before, and the difference is that of the two.
  const [, before, after, mark, change] = /loss ([\d.]+) → ([\d.]+) ([▼▲]) ([\d.]+)/.exec(await losses(view)) ?? [];
  expect(Number(after) - Number(before)).toBeCloseTo((mark === '▲' ? 1 : -1) * Number(change), 2);
});

test('keys move a head and keep it focused', async () => {
  const view = await explorer();
  await head(view, 5).focus();
  await workbench().page.keyboard.press('0');
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 0, 1, 1]);
  const focused = () =>
    view.locator('body').evaluate((body) => body.ownerDocument.activeElement?.getAttribute('data-head'));
  expect(await focused()).toBe('5');
  await expect.poll(() => losses(view), { timeout: 60_000 }).toMatch(/loss(?!.*unequal)/);
  await workbench().page.keyboard.press('ArrowRight');
  expect(await view.getByTestId('grouping-said').innerText()).toMatch(/Q5 to KV 1: Enter moves it/);
  await workbench().page.keyboard.press('Escape');
  await workbench().page.keyboard.press('ArrowLeft');
  await workbench().page.keyboard.press('Enter');
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 1, 1, 1]);
  expect(await focused()).toBe('5');
});

test('a head dragged onto a head is exchanged with it, by key as well', async () => {
  const view = await explorer();
  await drag(head(view, 0), head(view, 7));
  await eventuallyEquals(() => groups(view), [1, 1, 0, 0, 1, 1, 1, 0]);
  await head(view, 0).focus();
  await workbench().page.keyboard.press('x');
  await head(view, 7).focus();
  await workbench().page.keyboard.press('x');
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 1, 1, 1]);
});

test('undo and redo go back and forth', async () => {
  const view = await explorer();
  await head(view, 3).focus();
  await workbench().page.keyboard.press('Control+z');
  await eventuallyEquals(() => groups(view), [1, 1, 0, 0, 1, 1, 1, 0]);
  for (let step = 0; step < 4; step++) await view.getByTestId('grouping-undo').click();
  await eventuallyEquals(() => groups(view), [0, 0, 0, 0, 1, 1, 1, 1]);
  expect(await chosen(view, 'grouping-picker')).toBe('contiguous');
  for (let step = 0; step < 2; step++) await view.getByTestId('grouping-redo').click();
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 0, 1, 1]);
});

test('all layers get the groups of one, and a file keeps them', async () => {
  const view = await explorer();
  await view.getByTestId('grouping-to-all').click();
  await choose(view, 'layer-picker', '0');
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 0, 1, 1]);
  const file = join(folder, 'mine.json');
  await view.getByTestId('grouping-save').click();
  await workbench().enterPath(file);
  await expect
    .poll(() => readGroups(file), { timeout: 20_000 })
    .toEqual(Array.from({ length: 6 }, () => [0, 1, 0, 0, 1, 0, 1, 1]));

  await choose(view, 'grouping-picker', 'strided');
  await eventuallyEquals(() => groups(view), [0, 1, 0, 1, 0, 1, 0, 1]);
  await view.getByTestId('grouping-load').click();
  await workbench().enterPath(file);
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 0, 1, 1]);
});

function readGroups(file: string): unknown {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { groupOfKvHead: unknown }).groupOfKvHead;
  } catch {
    return null;
  }
}

test('a window reload brings groups and undo back', async () => {
  await workbench().reload();
  const view = await explorer();
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 0, 1, 1]);
  await view.getByTestId('grouping-undo').click();
  await eventuallyEquals(() => groups(view), [0, 1, 0, 1, 0, 1, 0, 1]);
  await view.getByTestId('grouping-redo').click();
  await eventuallyEquals(() => groups(view), [0, 1, 0, 0, 1, 0, 1, 1]);
});

test.each(['dark', 'light'] as const)('keeps pictures of unequal groups, %s', async (theme) => {
  await workbench().setTheme(theme);
  const view = await explorer();
  const to = theme === 'dark' ? 0 : 1;
  await head(view, 4).focus();
  await workbench().page.keyboard.press(String(to));
  await eventuallyEquals(async () => (await groups(view))[4], to);
  await expect.poll(() => losses(view), { timeout: 60_000 }).toMatch(/KL/);
  await workbench().screenshot(`grouping-${theme}`);
});
