// Who sees little, sees no colours, or cannot stand motion: axe-core finds nothing serious in any view under any theme, menus
// and tables are driven by keyboard, and nothing moves where motion is not wanted.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { seriousViolations } from '../harness/axe';
import { figure } from '../harness/figures';
import { openStructure, openSweep } from '../harness/otherPages';
import { drawn, openComparison, openSample } from '../harness/sampleRun';
import { themes, type ThemeName } from '../harness/themes';
import { useWorkbench } from '../harness/useWorkbench';

const folder = mkdtempSync(join(tmpdir(), 'gqa-lens-accessibility-spec-'));
writeFileSync(
  join(folder, 'stranger.txt'),
  'The stranger came early in February, one wintry day, through a biting wind.',
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const workbench = useWorkbench({ folder, settings: { 'files.simpleDialog.enable': true } });
const themeNames = Object.keys(themes) as ThemeName[];

/** Holds a view against axe-core under every theme. */
async function holdAgainstAxe(view: FrameLocator): Promise<void> {
  const found: Record<string, string[]> = {};
  for (const theme of themeNames) {
    await workbench().setTheme(theme);
    found[theme] = await seriousViolations(view);
  }
  await workbench().setTheme('dark');
  expect(found).toEqual(Object.fromEntries(themeNames.map((theme) => [theme, []])));
}

test('the explorer', async () => {
  const explorer = await openSample(workbench());
  await drawn(explorer);
  await holdAgainstAxe(explorer);
});

test('a figure’s menu and table, by keyboard', async () => {
  const explorer = await workbench().webview('explorer');
  const { keyboard } = workbench().page;
  const button = explorer.getByTestId('menu-divergence');
  await button.focus();
  await keyboard.press('ArrowDown');
  const focused = (): Promise<string | null> =>
    explorer.locator('body').evaluate((body) => body.ownerDocument.activeElement?.getAttribute('data-testid') ?? null);
  await expect.poll(focused).toBe('item-table');
  expect(await button.getAttribute('aria-expanded')).toBe('true');
  await keyboard.press('End');
  await expect.poll(focused).toBe('item-copy');
  await keyboard.press('Escape');
  await expect.poll(focused).toBe('menu-divergence');
  expect(await button.getAttribute('aria-expanded')).toBe('false');
  await keyboard.press('Enter');
  await expect.poll(focused).toBe('item-table');
  await keyboard.press('Enter');
  const rows = figure(explorer, 'divergence').locator('tbody tr');
  await rows.first().waitFor();
  const kls = (): Promise<number[]> =>
    rows.evaluateAll((all) => all.map((row) => Number(row.lastElementChild?.textContent)));
  await figure(explorer, 'divergence').getByRole('button', { name: 'KL' }).focus();
  await keyboard.press('Enter');
  const ascending = await kls();
  expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
  await keyboard.press('Enter');
  expect(await kls()).toEqual(ascending.toReversed());
  expect(await seriousViolations(explorer)).toEqual([]);
});

test('nothing moves where motion is not wanted', async () => {
  const explorer = await workbench().webview('explorer');
  const moving = (): Promise<number> =>
    explorer.locator('body').evaluate(
      (body) =>
        [...body.querySelectorAll('*')].filter((part) =>
          ['', '::before', '::after'].some((pseudo) => {
            const style = getComputedStyle(part, pseudo);
            return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0;
          }),
        ).length,
    );
  await workbench().page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await moving()).toBeGreaterThan(0);
  await workbench().page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await moving()).toBe(0);
});

test('the comparison', async () => {
  const diff = await openComparison(workbench());
  await drawn(diff);
  await holdAgainstAxe(diff);
});

test('a sweep', async () => {
  const sweep = await openSweep(workbench(), 'GQA Lens: Sweep Groups and Methods');
  await holdAgainstAxe(sweep);
});

test('the structure of a checkpoint', async () => {
  const structure = await openStructure(workbench());
  await holdAgainstAxe(structure);
});
