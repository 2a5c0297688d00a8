// Which heads are alike, as a user looks at it: the matrix in three orders, by pointer and keyboard, two heads side by side, and
// the tree that makes groups. Numbers are those of the command line. A theme's own colour of a group is seen, too.
import type { FrameLocator, Locator } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { averageLinkage, cutTree, groupsOfCut } from '../../../webview/explorer/tree/linkage';
import { eventuallyEquals } from '../harness/eventually';
import { choose, chosen } from '../harness/controls';
import { attentionOf, similarityOf } from '../harness/engineNumbers';
import { pointAt } from '../harness/mapReadout';
import { useWorkbench } from '../harness/useWorkbench';

const OWN_COLOR = '#c8a2ff';
const workbench = useWorkbench({
  settings: { 'workbench.colorCustomizations': { 'gqaLens.group0': OWN_COLOR } },
});
const LAYER = 3;
const heads = Array.from({ length: 8 }, (_, head) => head);

async function explorer(): Promise<FrameLocator> {
  const view = await workbench().webview('explorer');
  await view.getByTestId('similarity-cell').first().waitFor({ timeout: 60_000 });
  return view;
}

const cell = (view: FrameLocator, row: number, column: number): Locator =>
  view.locator(`[data-testid="similarity-cell"][data-row="${row}"][data-column="${column}"]`);
const readout = (view: FrameLocator): Promise<string> => view.locator('.similarity-readout').innerText();
const key = (name: string): Promise<void> => workbench().page.keyboard.press(name);

/** A number that every element of a kind carries, by the number of its head. */
async function byHead(items: Locator, name: string): Promise<number[]> {
  const pairs = await items.evaluateAll(
    (all, attribute) => all.map((item) => ['data-head', attribute].map((one) => Number(item.getAttribute(one)))),
    name,
  );
  return pairs.sort(([a = 0], [b = 0]) => a - b).map(([, value = NaN]) => value);
}

const groups = (view: FrameLocator): Promise<number[]> => byHead(view.getByTestId('head'), 'data-group');

/** [8][8] numbers of the cells, by head. */
async function matrix(view: FrameLocator): Promise<number[][]> {
  const cells = await view
    .getByTestId('similarity-cell')
    .evaluateAll((all) =>
      all.map((item) => ['data-row', 'data-column', 'data-value'].map((name) => Number(item.getAttribute(name)))),
    );
  return heads.map((row) => heads.map((column) => cells.find(([r, c]) => r === row && c === column)?.[2] ?? NaN));
}

let aligned: Awaited<ReturnType<typeof similarityOf>>;
const textOf = async (view: FrameLocator): Promise<string> =>
  view.getByTestId('text-input').evaluate((box) => (box as HTMLTextAreaElement).value);

beforeAll(async () => {
  await workbench().runCommand('GQA Lens: Open Sample Checkpoint');
  aligned = await similarityOf(LAYER, 'aligned', 2);
});

test('cells and bars are the numbers of the command line, for K and V and another measure', async () => {
  const view = await explorer();
  await choose(view, 'layer-picker', String(LAYER));
  const close = async (expected: { matrix: number[][]; toPooled: number[] }): Promise<void> => {
    const furthest = async (): Promise<number> => {
      const shown = [...(await matrix(view)).flat(), ...(await byHead(view.getByTestId('pooled-bar'), 'data-value'))];
      const numbers = [...expected.matrix.flat(), ...expected.toPooled];
      return Math.max(...numbers.map((value, place) => Math.abs(value - (shown[place] ?? NaN))));
    };
    await expect.poll(furthest, { timeout: 60_000 }).toBeLessThan(1e-5);
  };
  await close(aligned.k);
  await choose(view, 'target-picker', 'v');
  await close(aligned.v);
  await choose(view, 'measure-picker', 'pca');
  await close((await similarityOf(LAYER, 'pca', 2)).v);
  await choose(view, 'target-picker', 'k');
  await choose(view, 'measure-picker', 'aligned');
  await close(aligned.k);
});

test('a group has the colour that the settings give it, in every figure', async () => {
  const view = await explorer();
  const rgb = `rgb(${[1, 3, 5].map((place) => parseInt(OWN_COLOR.slice(place, place + 2), 16)).join(', ')})`;
  const style = (item: Locator, property: string): Promise<string> =>
    item.evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);
  expect(await style(view.locator('g.kv-group[data-group="0"] rect').first(), 'fill')).toBe(rgb);
  expect(await style(view.locator('.similarity .block').first(), 'stroke')).toBe(rgb);
  expect(await style(view.locator('g.kv-group[data-group="1"] rect').first(), 'fill')).toBe('rgb(245, 155, 46)');
});

test('heads stand by group, by number, or as the tree of likeness has them', async () => {
  const view = await explorer();
  const order = (): Promise<number[]> =>
    view
      .getByTestId('similarity-cell')
      .evaluateAll((cells) => [...new Set(cells.map((item) => Number(item.getAttribute('data-row'))))]);
  const { leaves } = averageLinkage(aligned.k.matrix.flat(), 8, 'high');
  await choose(view, 'matrix-order', 'likeness');
  await eventuallyEquals(order, leaves);
  expect(await view.getByTestId('matrix-branch').count()).toBe(7);
  await choose(view, 'matrix-order', 'head');
  await eventuallyEquals(order, heads);
  expect(await view.getByTestId('matrix-branch').count()).toBe(0);
});

test('the pointer and the arrow keys tell the exact number of a pair', async () => {
  const view = await explorer();
  const told = (row: number, column: number): RegExp =>
    new RegExp(`K${row} and K${column}: ${(aligned.k.matrix[row]?.[column] ?? NaN).toFixed(3)}`);
  await cell(view, 2, 5).hover();
  await expect.poll(() => readout(view)).toMatch(told(2, 5));
  await view.getByTestId('similarity-grid').focus();
  await key('Home');
  for (const name of ['ArrowRight', 'ArrowRight', 'ArrowDown']) await key(name);
  await expect.poll(() => readout(view)).toMatch(told(1, 2));
  const active = await view.getByTestId('similarity-grid').getAttribute('aria-activedescendant');
  expect(await view.locator(`#${active ?? ''}`).getAttribute('aria-label')).toMatch(told(1, 2));
});

test('a pair that is clicked shows both heads’ maps and their difference; Escape closes it', async () => {
  const view = await explorer();
  await cell(view, 4, 1).click();
  const words = view.getByTestId('pair-words');
  await words.waitFor();
  const value = (aligned.k.matrix[4]?.[1] ?? NaN).toFixed(3);
  expect(await words.innerText()).toContain(`K4 and K1: ${value}. Random heads have ${aligned.k.floor.toFixed(3)}`);
  expect(await cell(view, 4, 1).getAttribute('aria-selected')).toBe('true');

  const { maps, S } = await attentionOf(await textOf(view), LAYER);
  const weight = (head: number, query: number, at: number): number => maps[(head * S + query) * S + at] ?? NaN;
  const difference = view.getByTestId('pair-map-difference');
  await view.locator('.pair-panes:not(.loading)').waitFor({ timeout: 60_000 });
  const { query, key: at, weight: told } = await pointAt(view, difference, 0.1, 0.9);
  expect(told).toBeCloseTo(weight(1, query, at) - weight(4, query, at), 4);
  await workbench().screenshot('similarity-pair');

  await view.getByTestId('pair-close').click();
  await view.getByTestId('pair').waitFor({ state: 'hidden' });
  await key('Enter');
  await view.getByTestId('pair').waitFor();
  await key('Escape');
  await view.getByTestId('pair').waitFor({ state: 'hidden' });
  await key('Enter');
  await view.getByTestId('pair').waitFor();
});

test('a branch that is pressed shares one KV head, a cut makes all groups, and both can be undone', async () => {
  const view = await explorer();
  const before = await groups(view);
  const root = averageLinkage(aligned.k.matrix.flat(), 8, 'high');
  const branches = await view
    .getByTestId('tree-branch')
    .evaluateAll((all) => all.map((item) => item.getAttribute('data-heads')?.split(' ').map(Number) ?? []));
  const small = branches.find(({ length }) => length >= 2 && length <= 4) ?? [];
  await view.locator(`[data-testid="tree-branch"][data-heads="${small.join(' ')}"]`).focus();
  await key('Enter');
  const together = async (): Promise<number[]> => {
    const own = await groups(view);
    return heads.filter((head) => own[head] === own[small[0] ?? 0]);
  };
  await eventuallyEquals(together, small);
  expect(new Set(await groups(view)).size).toBe(2);

  await view.getByTestId('tree-cut').click();
  const cut = groupsOfCut(cutTree(root, 2, 'high'));
  await eventuallyEquals(() => groups(view), cut);
  expect(await chosen(view, 'grouping-picker')).toBe('manual');
  await expect
    .poll(() => view.getByTestId('grouping-losses').innerText(), { timeout: 60_000 })
    .toMatch(/loss [\d.]+ .*KL/);
  await workbench().screenshot('similarity-tree');
  await view.getByTestId('grouping-undo').click();
  await eventuallyEquals(together, small);
  await view.getByTestId('grouping-undo').click();
  await eventuallyEquals(() => groups(view), before);
});

test('a window reload brings order and pair back', async () => {
  await workbench().reload();
  const view = await explorer();
  await view.getByTestId('pair-words').waitFor({ timeout: 60_000 });
  await expect.poll(() => view.getByTestId('pair-words').innerText(), { timeout: 60_000 }).toContain('K4 and K1');
  expect(await chosen(view, 'matrix-order')).toBe('head');
});
