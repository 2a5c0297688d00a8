// A report in a plain browser without a network: tabs, hover and words, with the engine's numbers, in four themes.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packValue, unpackValue } from '../../../src/protocol/packedValues';
import type { ReportContent } from '../../../src/protocol/report';
import { launchChromium } from '../../../scripts/lib/browser.mjs';
import { ensureBuilt } from '../../../scripts/lib/build.mjs';
import { artifacts, folder as folderOf, root } from '../../../scripts/lib/places.mjs';
import { seriousViolationsIn } from '../harness/axe';
import { attentionOf, sample } from '../harness/engineNumbers';
import { themes, type ThemeName } from '../harness/themes';

const text = 'Sherlock Holmes took his bottle from the corner of the mantelpiece.';
const layer = 3;
/** Text whose words would do something if a page took them for markup. */
const hostile = '</script><img src=x onerror=alert(1)> Holmes';

let folder: string;
let browser: Browser;
let numbers: Awaited<ReturnType<typeof attentionOf>>;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gqa-lens-report-'));
  await ensureBuilt();
  const cli = (...args: string[]): Promise<unknown> =>
    promisify(execFile)(process.execPath, [join(root, 'dist', 'cli.js'), ...args], { maxBuffer: 2 ** 24 });
  const sweep = file('sweep.json');
  await cli('sweep', sample, '--text', text, '--groups', '2,1', '--merge', 'mean,pca', '--out', sweep);
  await cli('report', sample, '--text', text, '--groups', '2', '--sweep', sweep, '--out', file('report.html'));
  await cli('report', sample, '--text', hostile, '--language', 'de', '--out', file('hostile.html'));
  const fixture = (name: string): string => join(root, 'test', 'fixtures', name);
  const sides = [fixture('llama-mha'), fixture('llama-gqa'), '--ids', '3,1,4,1,5,9,2,6'];
  await cli('report', ...sides, '--out', file('sides.html'));
  numbers = await attentionOf(text, layer);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

const isDark = (theme: ThemeName): boolean => theme.endsWith('dark');

/** Opens a report in a browser that asks for these colours. Whatever it asks the network for, or says on the console, is a failure. */
async function open(name: string, theme: ThemeName): Promise<{ page: Page; wrong: string[] }> {
  const context = await browser.newContext({
    colorScheme: isDark(theme) ? 'dark' : 'light',
    contrast: theme.startsWith('high-contrast') ? 'more' : 'no-preference',
    viewport: { width: 1500, height: 1000 },
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  const address = `file://${file(name)}`;
  await page.route('**/*', (route) => {
    if (route.request().url() === address) return route.continue();
    wrong.push(`request ${route.request().url()}`);
    return route.abort();
  });
  page.on('pageerror', (error) => wrong.push(`error ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(`console ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    wrong.push('dialog');
    void dialog.dismiss();
  });
  await page.goto(address);
  await page.getByTestId('explorer').waitFor();
  return { page, wrong };
}

/** A report whose checkpoint has its layers so many times; only the first ones' maps and numbers are in it. */
async function repeatLayers(from: string, to: string, times: number): Promise<void> {
  const html = await readFile(file(from), 'utf8');
  const part = /(data-part="content">)([^<]*)/;
  const content = unpackValue(gunzipSync(Buffer.from(part.exec(html)?.[2] ?? '', 'base64'))) as ReportContent;
  const repeat = <Item>(items: readonly Item[]): Item[] => Array.from({ length: times }, () => items).flat();
  const { explorer } = content;
  const { model, grouping, original } = explorer;
  model.layers = repeat(model.layers).map((layer, place) => ({ ...layer, name: String(place) }));
  model.L *= times;
  for (const own of [grouping, original?.grouping ?? grouping]) own.groupOfHead = repeat(own.groupOfHead.slice(0, 6));
  const text = gzipSync(packValue(content)).toString('base64');
  await writeFile(file(to), html.replace(part, `$1${text}`));
}

/** Mean of red, green and blue of "rgb(…)", between 0 and 1. */
function luminance(color: string): number {
  return (color.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part) / 765, 0);
}

interface Told {
  query: number;
  key: number;
  weight: number;
}

/** Nothing on the page that is shown failed, is missing, or does not come. */
async function expectComplete(page: Page): Promise<void> {
  await expect.poll(() => page.locator('.loading:visible').count(), { timeout: 10_000 }).toBe(0);
  expect(await page.locator('.failed:visible').allTextContents()).toEqual([]);
  expect(await page.locator('[role=tabpanel]:visible').textContent()).not.toMatch(/not in this report/);
}

/** Points at a place of a map until the readout has the exact weight. */
async function pointAt(page: Page, testId: string, attributes: string, x: number, y: number): Promise<Told> {
  const map = page.locator(`[data-testid=${testId}]${attributes}`);
  const readout = page.locator('[data-testid=readout]:visible');
  await expect
    .poll(
      async () => {
        await map.scrollIntoViewIfNeeded();
        const box = await map.boundingBox();
        if (box) await map.hover({ position: { x: box.width * x, y: box.height * y } });
        return (await readout.count()) === 1 ? readout.getAttribute('data-exact') : null;
      },
      { timeout: 30_000, interval: 300 },
    )
    .toBe('true');
  const read = async (name: string): Promise<number> => Number(await readout.getAttribute(`data-${name}`));
  return { query: await read('query'), key: await read('key'), weight: await read('weight') };
}

/** The engine's weight of a head, or the mean of some. */
function weightOf(heads: readonly number[], { query, key }: Told): number {
  const { maps, S } = numbers;
  return heads.reduce((sum, head) => sum + (maps[(head * S + query) * S + key] ?? NaN), 0) / heads.length;
}

const photograph = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: join(folderOf(join(artifacts, 'screenshots')), `${name}.png`), fullPage: true });

describe('a report', () => {
  it.each(Object.keys(themes) as ThemeName[])('tells the engine’s numbers, %s, on all of its pages', async (theme) => {
    const { page, wrong } = await open('report.html', theme);
    const { background, line } = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return { background: style.backgroundColor, line: style.getPropertyValue('--vscode-contrastBorder') };
    });
    expect(luminance(background) < 0.5).toBe(isDark(theme));
    expect(line !== '').toBe(theme.startsWith('high-contrast'));
    expect(await page.getByTestId('report-text').textContent()).toBe(text);
    expect(await page.getByTestId('report-note').textContent()).toMatch(/recorded: 2 KV heads by PCA\. Open the/);
    const mean = await pointAt(page, 'map-mean', '[data-group="1"]', 0.2, 0.7);
    expect(mean.weight).toBeCloseTo(weightOf([4, 5, 6, 7], mean), 6);
    const member = await pointAt(page, 'map-head', '[data-head="2"]', 0.1, 0.6);
    expect(member.weight).toBeCloseTo(weightOf([2], member), 6);
    await expectComplete(page);
    await photograph(page, `report-explorer-${theme}`);
    expect(await seriousViolationsIn(page.mainFrame())).toEqual([]);

    await page.getByTestId('tab-explorer').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByTestId('tab-comparison').getAttribute('aria-selected')).toBe('true');
    expect(await page.getByTestId('explorer').isVisible()).toBe(false);
    const a = await pointAt(page, 'diff-map', '[data-side="a"]', 0.2, 0.7);
    expect(a.weight).toBeCloseTo(weightOf([0], a), 6);
    await expectComplete(page);
    await photograph(page, `report-comparison-${theme}`);
    expect(await seriousViolationsIn(page.mainFrame())).toEqual([]);

    await page.keyboard.press('Escape');
    await page.getByTestId('tab-sweep').click();
    expect(await page.getByTestId('sweep-row').count()).toBe(5);
    await expectComplete(page);
    await photograph(page, `report-sweep-${theme}`);
    expect(await seriousViolationsIn(page.mainFrame())).toEqual([]);
    expect(wrong).toEqual([]);
    await page.context().close();
  });

  it('answers whatever can be chosen', async () => {
    const { page, wrong } = await open('report.html', 'dark');
    const press = (testId: string, value: string) => async (): Promise<void> =>
      page.locator(`[data-testid=${testId}]:visible [data-value="${value}"]`).click();
    const pick = (testId: string, value: string) => async (): Promise<unknown> =>
      page.locator(`[data-testid=${testId}]:visible`).selectOption(value);
    const explorer = [
      press('map-values', 'scores'),
      press('member-maps', 'deviations'),
      press('map-values', 'probabilities'),
      press('maps-of', 'converted'),
      press('text-direction', 'both'),
      press('target-picker', 'v'),
      pick('measure-picker', 'pca'),
      pick('inputs-picker', 'activations'),
      press('target-picker', 'maps'),
      pick('statistic-picker', 'observed-damage'),
      pick('layer-picker', '5'),
    ];
    await page.locator('[data-testid=map-mean][data-group="0"]').click({ position: { x: 20, y: 200 } });
    for (const choose of explorer) {
      await choose();
      await expectComplete(page);
    }
    await page.getByTestId('tab-comparison').click();
    const comparison = [
      ...[pick('layer-picker', '0'), press('scale-picker', 'linear')],
      ...[press('map-values', 'scores'), press('member-maps', 'deviations'), press('map-values', 'probabilities')],
    ];
    for (const choose of comparison) {
      await choose();
      await expectComplete(page);
    }
    await page.locator('[data-testid=diff] .token:visible').nth(4).click();
    await expectComplete(page);
    expect(wrong).toEqual([]);
    await page.context().close();
  });

  it('lets nothing be changed, and shows nothing that would change something', async () => {
    const { page, wrong } = await open('report.html', 'dark');
    for (const testId of ['run', 'groups-picker', 'export', 'grouping-undo', 'grouping-save'])
      expect(await page.getByTestId(testId).filter({ visible: true }).count(), testId).toBe(0);
    const head = page.locator('[data-testid=head][data-head="1"]');
    await head.focus();
    await page.keyboard.press('1');
    expect(await head.getAttribute('data-group')).toBe('0');
    expect(await page.getByTestId('problem').count()).toBe(0);
    expect(wrong).toEqual([]);
    await page.context().close();
  });

  it('compares the sides that it was saved of', async () => {
    const { page, wrong } = await open('sides.html', 'dark');
    expect(await page.getByTestId('report-note').textContent()).toMatch(
      /comparison is of llama-mha \(MHA\) and llama-gqa \(GQA-\d\)\./,
    );
    await page.getByTestId('tab-comparison').click();
    const summary = page.locator('[data-figure=summary]');
    expect(await summary.locator('thead:visible').textContent()).toMatch(/llama-mha \(MHA\).*llama-gqa/);
    const b = await pointAt(page, 'diff-map', '[data-side="b"]', 0.2, 0.7);
    expect(b.weight).toBeGreaterThan(0);
    await page.locator('[data-testid=diff] .token:visible').nth(4).click();
    await expectComplete(page);
    expect(wrong).toEqual([]);
    await page.context().close();
  });

  it('saves all rows of a grid of which the page has those in sight alone', async () => {
    await repeatLayers('hostile.html', 'tall.html', 26);
    const { page } = await open('tall.html', 'light');
    const inPage = (): Promise<number> => page.locator('.overview-row.layer').count();
    await expect.poll(inPage).toBeGreaterThan(0);
    const before = await inPage();
    expect(before).toBeLessThan(100);
    await page.getByTestId('menu-overview').click();
    const saved = page.waitForEvent('download');
    await page.locator('#menu-overview').getByTestId('item-svg').click();
    const svg = readFileSync(await (await saved).path(), 'utf8');
    const texts = new Set(Array.from(svg.matchAll(/<text[^>]*>([^<]*)</g), ([, label]) => label));
    expect(Array.from({ length: 156 }, (_, layer) => String(layer)).filter((name) => !texts.has(name))).toEqual([]);
    await expect.poll(inPage).toBe(before);
    await page.context().close();
  });

  it('shows hostile texts as texts, the checkpoint alone where nothing is converted, and another language', async () => {
    const { page, wrong } = await open('hostile.html', 'light');
    expect(await page.getByTestId('report-text').textContent()).toBe(hostile);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    expect(await page.title()).toBe('sample: wie sich seine Köpfe gruppieren');
    expect(await page.getByTestId('report-conversion').textContent()).toMatch(/^Der Checkpoint/);
    expect(await page.locator('[data-figure=assignment] h2').textContent()).toMatch(/^Zuordnung/);
    expect(await page.getByTestId('measure-picker').textContent()).toContain('Ausgerichteter Kosinus');
    await page.getByTestId('left-out').click();
    expect(await page.getByTestId('left-out').textContent()).toMatch(/Ähnlichkeit von Köpfen an Aktivierungen/);
    expect(await page.getByRole('tab').filter({ visible: true }).count()).toBe(0);
    expect(wrong).toEqual([]);
    await page.context().close();
  });
});
