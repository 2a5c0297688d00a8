// How most specs begin: the sample checkpoint is opened, and a text is run on it. Knows the explorer's page, no other view.
import type { FrameLocator } from 'playwright-core';
import { expect } from 'vitest';
import type { Workbench } from './workbench';

/** Longest time that the engine may take without a GPU, in milliseconds. */
const patience = 90_000;

/**
 * Opens the sample by command.
 * @param title of the command, in the language of the workbench
 * @returns the explorer, once it draws maps and nothing runs
 */
export async function openSample(
  workbench: Workbench,
  title = 'GQA Lens: Open Sample Checkpoint',
): Promise<FrameLocator> {
  await workbench.runCommand(title);
  const explorer = await drawnExplorer(workbench);
  await idle(explorer);
  return explorer;
}

/** The explorer, once it draws maps. */
export async function drawnExplorer(workbench: Workbench): Promise<FrameLocator> {
  const explorer = await workbench.webview('explorer');
  await explorer.getByTestId('map-mean').first().waitFor({ timeout: patience });
  return explorer;
}

/** While something runs, the button cancels it, and is not the page's first one. */
const isIdle = async (explorer: FrameLocator): Promise<boolean> =>
  (await explorer.getByTestId('run').getAttribute('secondary')) === null;

/** Waits until nothing runs. */
export async function idle(explorer: FrameLocator): Promise<void> {
  await expect.poll(() => isIdle(explorer), { timeout: patience, interval: 100 }).toBe(true);
}

/** Runs a text. Done when the view has its tokens, in shades, and no run is under way. */
export async function runText(explorer: FrameLocator, text: string): Promise<void> {
  await idle(explorer);
  await explorer.getByTestId('text-input').fill(text);
  const letters = (words: readonly string[]): string => words.join('').replace(/[^\p{L}\p{N}]/gu, '');
  const shown = async (): Promise<string> => {
    const words = letters(await explorer.locator('.panel.text .text-strip .token').allTextContents());
    // Between two steps of what runs already the button says Run for a moment. Pressed then, it may cancel the second of them.
    if (words !== letters([text]) && (await isIdle(explorer))) await explorer.getByTestId('run').click();
    return words;
  };
  await expect.poll(shown, { timeout: patience, interval: 250 }).toBe(letters([text]));
  await idle(explorer);
}

/** Opens the sample and runs a text on it. @returns the explorer */
export async function runOnSample(workbench: Workbench, text: string): Promise<FrameLocator> {
  const explorer = await openSample(workbench);
  await runText(explorer, text);
  await drawn(explorer);
  return explorer;
}

/** Waits until nothing in a page is computed or awaited. */
export async function drawn(page: FrameLocator): Promise<void> {
  await expect
    .poll(() => page.locator('main.busy, .panel.loading').count(), { timeout: patience, interval: 100 })
    .toBe(0);
}

/**
 * Opens the comparison by command.
 * @param title of the command, in the language of the workbench
 * @returns its page, once the layers have been measured
 */
export async function openComparison(
  workbench: Workbench,
  title = 'GQA Lens: Compare MHA and GQA',
): Promise<FrameLocator> {
  await workbench.runCommand(title);
  const diff = await workbench.webview('diff');
  await diff.getByTestId('drift-layer').first().waitFor({ timeout: patience });
  return diff;
}
