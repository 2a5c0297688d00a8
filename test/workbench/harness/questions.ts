// The editor's questions: quick picks with check boxes, and boxes to type in.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Waits for the question with this title. */
export async function asked(page: Page, title: RegExp): Promise<void> {
  await page.locator('.quick-input-title').filter({ hasText: title }).waitFor();
}

/** Leaves only these rows of a quick pick checked, and accepts it. */
export async function check(page: Page, ...labels: string[]): Promise<void> {
  const rows = page.locator('.quick-input-list .monaco-list-row');
  const shown = async (): Promise<string[]> =>
    rows.evaluateAll((all) => all.map((row) => row.querySelector('.label-name')?.textContent.trim() ?? ''));
  // The rows of the question before stand for a moment under the title of this one.
  const areOffered = async (): Promise<boolean> => {
    const found = await shown();
    return labels.every((label) => found.includes(label));
  };
  await expect
    .poll(areOffered, { timeout: 60_000, interval: 100, message: `${labels.join(', ')} are offered` })
    .toBe(true);
  for (const [index, label] of (await shown()).entries()) {
    const row = rows.nth(index);
    if ((await row.getByRole('checkbox').isChecked()) !== labels.includes(label)) await row.click();
  }
  await accept(page);
}

/** Enter in the question's own box: a panel that draws may have taken the focus. */
export async function accept(page: Page): Promise<void> {
  await page.locator('.quick-input-widget input[type="text"]').press('Enter');
}
