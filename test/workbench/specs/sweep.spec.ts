// A sweep as a user meets it: chosen in quick picks, drawn row by row with the engine's numbers, kept over a reload, opened in
// the comparison, saved; and the same as a page that stands alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import type { SweepRow } from '../../../src/protocol/sweep';
import { eventually } from '../harness/eventually';
import { choose, chosen } from '../harness/controls';
import { sweepOf } from '../harness/engineNumbers';
import { saveFigure, savedTo } from '../harness/figures';
import { accept as acceptQuestion, asked, check as checkRows } from '../harness/questions';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const folder = mkdtempSync(join(tmpdir(), 'gqa-lens-sweep-spec-'));
const textFile = join(folder, 'stranger.txt');
// Long enough that a sweep of many methods is still under way when it is told to stop.
const sentence = 'The stranger came early in February, one wintry day, through a biting wind and a driving snow. ';
writeFileSync(textFile, sentence.repeat(2));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workbench = useWorkbench({ folder });
const themeNames = Object.keys(themes) as ThemeName[];

const points = (sweep: FrameLocator | Locator): Locator => sweep.getByTestId('sweep-point');

/** What is drawn: G and value of each point, by line. */
async function drawn(sweep: FrameLocator | Locator): Promise<Record<string, number>> {
  const entries = await points(sweep).evaluateAll((shapes) =>
    shapes.map((shape) => [shape.getAttribute('data-key'), Number(shape.getAttribute('data-value'))] as const),
  );
  return Object.fromEntries(entries) as Record<string, number>;
}

const keyOf = ({ merge, grouping, G }: SweepRow): string => `${merge ? `${merge}/${grouping ?? ''}` : 'original'}/${G}`;

const check = (...labels: string[]): Promise<void> => checkRows(workbench().page, ...labels);
const accept = (): Promise<void> => acceptQuestion(workbench().page);
const title = (text: RegExp): Promise<void> => asked(workbench().page, text);

test('is chosen in quick picks, and draws the numbers of the engine', async () => {
  const { page } = workbench();
  await workbench().runCommand('GQA Lens: Open Sample Checkpoint');
  await (await workbench().webview('explorer')).getByTestId('map-mean').first().waitFor({ timeout: 60_000 });
  // The text in the editor is what is offered first.
  await page.keyboard.press('Control+P');
  await page.locator('.quick-input-widget input[type="text"]').fill('stranger.txt');
  await workbench().pick('stranger.txt');
  await page.locator('.monaco-editor').first().waitFor();

  await workbench().runCommand('GQA Lens: Sweep Groups and Methods');
  await title(/numbers of KV groups/);
  await check('2 KV groups', '1 KV group');
  await title(/Which heads share/);
  await check('Contiguous');
  await title(/How their KV heads are merged/);
  await check('Mean', 'First head');
  await title(/Text that quality is measured on/);
  await workbench().pick('stranger.txt');
  await title(/How many windows/);
  await page.locator('.quick-input-widget input[type="text"]').fill('1');
  await accept();
  await title(/What is measured/);
  await workbench().pick(/time to decode/);

  const sweep = await workbench().webview('sweep');
  await eventually(async () => (await points(sweep).count()) === 5, 'every row is drawn');
  const expected = await sweepOf(textFile, '--windows', '1', '--groups', '2,1', '--merge', 'mean,first');
  const found = await drawn(sweep);
  expect(Object.keys(found).sort()).toEqual(expected.rows.map(keyOf).sort());
  for (const row of expected.rows) expect(found[keyOf(row)]).toBeCloseTo(row.loss ?? NaN, 4);
  const reference = await sweep.getByTestId('sweep-reference').getAttribute('data-value');
  expect(Number(reference)).toBeCloseTo(expected.rows[0]?.loss ?? NaN, 4);
  expect(await sweep.getByTestId('sweep-label').allInnerTexts()).toHaveLength(2);
  expect(await sweep.getByTestId('sweep-row').count()).toBe(5);
});

test('tells the row under the pointer, and goes from point to point by keyboard', async () => {
  const sweep = await workbench().webview('sweep');
  const card = sweep.getByTestId('row-card');
  await points(sweep).and(sweep.locator('[data-key="mean/contiguous/2"]')).hover();
  await card.waitFor();
  expect(await card.innerText()).toMatch(/Mean\s+2 KV heads · GQA-2\s+Loss\s+\d\.\d{3} \(\+/);
  await sweep.locator('[data-key="original/8"]').focus();
  await workbench().page.keyboard.press('ArrowRight');
  const focused = (): Promise<string | null | undefined> =>
    sweep.locator('body').evaluate((body) => body.ownerDocument.activeElement?.getAttribute('data-key'));
  expect(await focused()).toMatch(/\/2$/);
  await workbench().page.keyboard.press('ArrowRight');
  expect(await focused()).toMatch(/\/1$/);
});

test('draws KL and cache, and sorts the table', async () => {
  const sweep = await workbench().webview('sweep');
  await choose(sweep, 'sweep-y', 'kl');
  await choose(sweep, 'sweep-x', 'cache');
  await eventually(async () => (await drawn(sweep))['original/8'] === 0, 'KL of the original is drawn');
  expect(await sweep.locator('.x-axis').textContent()).toMatch(/6.144 B/);
  await sweep.getByTestId('sort-loss').click();
  const losses = await sweep
    .getByTestId('sweep-row')
    .evaluateAll((rows) => rows.map((row) => Number(row.querySelectorAll('td')[1]?.getAttribute('data-value'))));
  expect(losses).toEqual(losses.toSorted((a, b) => a - b));
  await choose(sweep, 'sweep-y', 'loss');
  await choose(sweep, 'sweep-x', 'heads');
});

test('gives the room of a narrow panel to the plot, with the names of the lines below it', async () => {
  const { page } = workbench();
  const usual = page.viewportSize();
  const sweep = await workbench().webview('sweep');
  const labels = sweep.getByTestId('sweep-label');
  await page.setViewportSize({ width: 820, height: 1000 });
  const edge = async (of: Locator, side: 'x' | 'y', far: boolean): Promise<number> => {
    const box = await of.boundingBox();
    if (box === null) return NaN;
    return box[side] + (far ? box[side === 'x' ? 'width' : 'height'] : 0);
  };
  const axis = sweep.locator('.sweep-plot .x-axis');
  await eventually(
    async () => (await edge(labels.first(), 'y', false)) > (await edge(axis, 'y', true)),
    'names stand below',
  );
  const right = await edge(sweep.getByTestId('sweep-plot'), 'x', true);
  expect(right - (await edge(sweep.getByTestId('sweep-reference'), 'x', true))).toBeLessThan(20);
  for (const label of await labels.all()) expect(await edge(label, 'x', true)).toBeLessThanOrEqual(right);
  // Lines would cross out the names of levels.
  const order = await sweep
    .locator('.sweep-plot svg > g')
    .evaluateAll((parts) => parts.map((part) => part.classList[0]));
  expect(order.indexOf('reference-names')).toBeGreaterThan(order.indexOf('lines'));
  expect(await sweep.locator('.reference-names text').count()).toBeGreaterThan(0);
  await workbench().screenshot('sweep-narrow');
  // Who scrolls the table to its last column still sees which method a row is of.
  const method = sweep.locator('.sweep-table tbody th').first();
  const before = await edge(method, 'x', false);
  const scrolled = await sweep.locator('.sweep-table').evaluate((table) => {
    table.scrollLeft = table.scrollWidth;
    return table.scrollLeft;
  });
  expect(scrolled).toBeGreaterThan(0);
  expect(await edge(method, 'x', false)).toBeCloseTo(before, 0);
  if (usual !== null) await page.setViewportSize(usual);
  await eventually(
    async () => (await edge(labels.first(), 'y', true)) < (await edge(axis, 'y', false)),
    'names stand at the lines again',
  );
});

test.each(themeNames)('keeps pictures, %s', async (theme) => {
  await workbench().setTheme(theme);
  const sweep = await workbench().webview('sweep');
  await points(sweep).first().waitFor();
  await workbench().screenshot(`sweep-${theme}`);
});

test('a window reload brings rows and choices back', async () => {
  await workbench().setTheme('dark');
  const before = await drawn(await workbench().webview('sweep'));
  await workbench().reload();
  const sweep = await workbench().webview('sweep');
  await eventually(async () => (await points(sweep).count()) === 5, 'the rows are back');
  expect(await drawn(sweep)).toEqual(before);
  expect(await sweep.locator('th[aria-sort="ascending"]').getAttribute('data-column')).toBe('loss');
});

test('saves the rows as CSV and the plot as SVG', async () => {
  const sweep = await workbench().webview('sweep');
  await sweep.getByRole('button', { name: 'CSV', exact: true }).click();
  const csv = await savedTo(workbench(), join(folder, 'sample-sweep.csv'));
  expect(csv.proposed).toBe(join(folder, 'sample-sweep.csv'));
  expect(csv.bytes.toString('utf8')).toMatch(/^model,G,grouping,merge,loss/);
  const svg = await saveFigure(workbench(), sweep, 'plot', join(folder, 'sample-plot.svg'));
  expect(svg.proposed).toBe(join(folder, 'sample-plot.svg'));
  expect(svg.bytes.toString('utf8')).toMatch(/^<svg [^>]*xmlns=.*<title>sample: Loss after conversion/s);
});

test('a click on a point shows that conversion in the comparison', async () => {
  const sweep = await workbench().webview('sweep');
  await sweep.locator('[data-key="first/contiguous/1"]').click();
  const diff = await workbench().webview('diff');
  await diff.getByTestId('loss-b').waitFor({ timeout: 60_000 });
  await eventually(
    async () => (await chosen(diff, 'groups-picker')) === '1',
    'the comparison shows the row’s conversion',
  );
  expect(await chosen(diff, 'merge-picker')).toBe('first');
});

test('goes on with more methods, stops when told to, and resumes', async () => {
  await workbench().runCommand('GQA Lens: Sweep Groups and Methods');
  await title(/numbers of KV groups/);
  await check('4 KV groups', '2 KV groups', '1 KV group');
  await title(/Which heads share/);
  await check('Contiguous', 'Strided');
  await title(/How their KV heads are merged/);
  await check('Mean', 'First head', 'Aligned mean', 'PCA');
  await title(/Text that quality is measured on/);
  await workbench().pick('stranger.txt');
  await title(/How many windows/);
  await accept();
  await title(/What is measured/);
  await workbench().pick(/^Quality/);
  const sweep = await workbench().webview('sweep');
  const run = sweep.getByTestId('sweep-run');
  await run.and(sweep.getByText('Cancel')).click();
  await run.and(sweep.getByText('Resume')).waitFor();
  const finished = await points(sweep).count();
  expect(finished).toBeGreaterThanOrEqual(5);
  expect(await sweep.getByTestId('waiting-row').count()).toBe(25 - finished);
  await run.click();
  await eventually(async () => (await points(sweep).count()) === 25, 'every row is drawn');
  expect(await run.isHidden()).toBe(true);
  await workbench().page.mouse.move(700, 5);
  await workbench().screenshot('sweep-many');
  await workbench().page.setViewportSize({ width: 820, height: 1000 });
  await workbench().page.mouse.move(400, 5);
  await eventually(async () => (await sweep.locator('.leader.piece').count()) === 8, 'names stand below');
  await workbench().screenshot('sweep-many-narrow');
});

test('stands alone as one file that works offline', async () => {
  const file = join(folder, 'sweep.html');
  const args = ['--windows', '1', '--groups', '4,2,1', '--merge', 'mean,pca', '--grouping', 'contiguous,strided'];
  const { rows } = await sweepOf(textFile, ...args, '--out', file);
  const page = await workbench().page.context().browser()?.newPage();
  if (!page) throw new Error('the browser is gone');
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  try {
    await page.goto(pathToFileURL(file).href);
    const main = page.getByTestId('sweep');
    await points(main).first().waitFor();
    const found = await drawn(main);
    expect(Object.keys(found)).toHaveLength(rows.length);
    for (const row of rows) expect(found[keyOf(row)]).toBeCloseTo(row.loss ?? NaN, 9);
    expect(requests).toEqual([pathToFileURL(file).href]);
  } finally {
    await page.close();
  }
});
