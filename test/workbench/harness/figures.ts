// What a user does with figures: opens their menus, saves them, and what the files must be.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { FrameLocator, Locator } from 'playwright-core';
import { expect } from 'vitest';
import type { Workbench } from './workbench';

/** A figure's frame. */
export const figure = (view: FrameLocator, name: string): Locator => view.locator(`[data-figure="${name}"]`);

/** Chooses an entry of a figure's menu: "table", "png", "svg", "csv", "json", "copy". */
export async function chooseInMenu(view: FrameLocator, name: string, item: string): Promise<void> {
  await view.getByTestId(`menu-${name}`).click();
  await view.locator(`#menu-${name}`).getByTestId(`item-${item}`).click();
}

/** Answers the save dialog with a path, and gives what was written there. */
export async function savedTo(workbench: Workbench, path: string): Promise<{ bytes: Buffer; proposed: string }> {
  rmSync(path, { force: true });
  const proposed = await workbench.enterPath(path);
  await expect.poll(() => existsSync(path), { timeout: 30_000, message: `${path} is written` }).toBe(true);
  return { bytes: readFileSync(path), proposed };
}

/** Saves a figure by its menu. */
export async function saveFigure(
  workbench: Workbench,
  view: FrameLocator,
  name: string,
  path: string,
): Promise<{ bytes: Buffer; proposed: string }> {
  await chooseInMenu(view, name, path.slice(path.lastIndexOf('.') + 1));
  return savedTo(workbench, path);
}

/** The rows of a CSV file after RFC 4180, the header first. */
export function parseCsv(text: string): string[][] {
  expect(text.endsWith('\r\n')).toBe(true);
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

/** Width and height of a PNG, from its header. */
export function pngSize(bytes: Buffer): { width: number; height: number } {
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}
