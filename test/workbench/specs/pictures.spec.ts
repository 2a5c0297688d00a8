// The explorer's views in every theme, as README and media/screenshots show them (scripts/gallery.mjs takes the pictures over). In
// each theme and each width of the panel the page fits: nothing is wider than the panel.
import type { FrameLocator } from 'playwright-core';
import { expect, test } from 'vitest';
import { choose } from '../harness/controls';
import { pointAt } from '../harness/mapReadout';
import { drawnExplorer, runOnSample } from '../harness/sampleRun';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();
const text = 'Watson looked at Holmes, and Holmes looked at the red hair of the man with the red hair.';

/** Pixels by which the page is wider than its panel. */
async function overflow(view: FrameLocator): Promise<number> {
  return view.locator('html').evaluate((page) => page.scrollWidth - page.clientWidth);
}

/** Scrolls so that a panel starts below what stays at the top. */
async function show(view: FrameLocator, panel: string): Promise<void> {
  await view.locator(`.panel.${panel}`).evaluate((element) => {
    const header = element.ownerDocument.querySelector('.header')?.getBoundingClientRect().height ?? 0;
    element.ownerDocument.defaultView?.scrollBy(0, element.getBoundingClientRect().top - header - 12);
  });
}

test('the sample is analysed, a token and a pair of heads are looked at', async () => {
  const view = await runOnSample(workbench(), text);
  await choose(view, 'text-mode', 'lines');
  await view.getByTestId('lines-query').locator('[data-token="9"]').click();
  await expect.poll(() => view.getByTestId('attention-line').count(), { timeout: 60_000 }).toBeGreaterThan(5);
  await view.locator('[data-testid="similarity-cell"][data-row="4"][data-column="1"]').click();
  await view.locator('.pair-panes:not(.loading)').waitFor({ timeout: 60_000 });
});

test.each(Object.keys(themes) as ThemeName[])('text, maps and a pair of heads, %s', async (theme) => {
  await workbench().setTheme(theme);
  const view = await drawnExplorer(workbench());
  await show(view, 'text');
  await workbench().screenshot(`text-${theme}`);
  await show(view, 'pair');
  await workbench().screenshot(`pair-${theme}`);
  await show(view, 'maps');
  await pointAt(view, view.locator('[data-testid="map-head"][data-head="2"]'), 0.3, 0.8);
  await workbench().screenshot(`maps-${theme}`);
  // Many heads look at the first token: its row is named, though it is no higher than a label.
  expect(await view.locator('.group-card .token-axis .diagonal[data-place="0"]').count()).toBe(2);
  expect(await overflow(view)).toBeLessThanOrEqual(0);
});

test.each([1200, 820])('nothing is wider than the panel in a window of %d pixels', async (width) => {
  const { page } = workbench();
  await page.setViewportSize({ width, height: 1000 });
  const view = await drawnExplorer(workbench());
  await expect.poll(() => overflow(view), { timeout: 10_000 }).toBeLessThanOrEqual(0);
  await workbench().screenshot(`explorer-${width}`);
});
