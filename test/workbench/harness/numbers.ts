// Numbers that a page shows.
import type { Locator } from 'playwright-core';

/** The first number in an element's words. */
export async function numberIn(element: Locator): Promise<number> {
  return Number(/-?\d+(\.\d+)?/.exec((await element.innerText()).replaceAll('\u202f', ''))?.[0]);
}

/** A number that a mark carries: data-NAME. */
export async function datum(mark: Locator, name: string): Promise<number> {
  return Number(await mark.getAttribute(`data-${name}`));
}
