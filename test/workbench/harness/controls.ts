/**
 * What a user does with the controls of a view (webview/shared/controls.ts): choose, tick, read what is chosen. Specs know
 * controls by these alone, not by the elements that they are made of.
 */
import type { FrameLocator, Locator } from 'playwright-core';

/** A control's element: a drop-down, a radio group of segments, or a check box. */
const control = (view: FrameLocator, testId: string): Locator => view.getByTestId(testId);

const isSegmented = async (found: Locator): Promise<boolean> => (await found.getAttribute('role')) === 'radiogroup';

/** Chooses by value in a drop-down or among segments. */
export async function choose(view: FrameLocator, testId: string, value: string): Promise<void> {
  const found = control(view, testId);
  if (await isSegmented(found)) await found.locator(`[data-value="${value}"]`).click();
  else await found.selectOption(value);
}

/** Chooses in a drop-down by the words that it shows. */
export async function chooseTitle(view: FrameLocator, testId: string, title: string): Promise<void> {
  await control(view, testId).selectOption({ label: title });
}

/** The value that is chosen in a drop-down or among segments. */
export async function chosen(view: FrameLocator, testId: string): Promise<string> {
  const found = control(view, testId);
  if (await isSegmented(found)) return (await found.getAttribute('data-value')) ?? '';
  return found.inputValue();
}

/** The words that a drop-down shows as chosen. */
export async function chosenTitle(view: FrameLocator, testId: string): Promise<string> {
  return control(view, testId).locator('option:checked').innerText();
}

/** What a drop-down offers: the words of its options, and of the groups that they stand in. */
export async function offered(view: FrameLocator, testId: string): Promise<{ titles: string[]; groups: string[] }> {
  const found = control(view, testId);
  const groups = await found.locator('optgroup').evaluateAll((all) => all.map((group) => group.getAttribute('label')));
  return {
    titles: await found.locator('option').allInnerTexts(),
    groups: groups.map((group) => group ?? ''),
  };
}

/** Ticks a check box, or takes the tick away. */
export async function tick(view: FrameLocator, testId: string, checked: boolean): Promise<void> {
  const found = control(view, testId);
  if (((await found.getAttribute('checked')) !== null) !== checked) await found.click();
  await found.and(view.locator(checked ? '[checked]' : ':not([checked])')).waitFor();
}
