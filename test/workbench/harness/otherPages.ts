// The sweep and the structure of a file, opened as a user opens them, in any language of the editor. Knows the sample only.
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { expect } from 'vitest';
import { sample } from './engineNumbers';
import { accept, asked, check } from './questions';
import type { Workbench } from './workbench';

/** What the editor says for an English message of ours, with what is put in for {n}. */
type Say = (english: string, ...given: (string | number)[]) => string;

const inEnglish: Say = (english, ...given) =>
  given.reduce<string>((said, value, place) => said.replace(`{${place}}`, String(value)), english);

/** Sweeps the sample by two merges and two numbers of groups. @returns the sweep's page, once all of it is measured */
export async function openSweep(workbench: Workbench, command: string, say: Say = inEnglish): Promise<FrameLocator> {
  const { page } = workbench;
  await workbench.runCommand(command);
  await asked(page, new RegExp(say('Sweep {0}: numbers of KV groups', 'sample')));
  await check(page, say('{0} KV groups', 2), say('1 KV group'));
  await asked(page, new RegExp(say('Which heads share')));
  await check(page, say('Contiguous'));
  await asked(page, new RegExp(say('How their KV heads are merged')));
  await check(page, say('Mean'), say('First head'));
  await asked(page, new RegExp(say('Text that quality is measured on')));
  await accept(page);
  await asked(page, new RegExp(say('How many windows of the text')));
  await page.locator('.quick-input-widget input[type="text"]').fill('1');
  await accept(page);
  await asked(page, new RegExp(say('What is measured')));
  await workbench.pick(say('Quality, KV cache and parameters'));
  const sweep = await workbench.webview('sweep');
  await expect.poll(() => sweep.getByTestId('sweep-point').count(), { timeout: 60_000 }).toBe(5);
  return sweep;
}

/** Opens the sample's weights in the editor of their structure. @returns its page, with the details of a tensor */
export async function openStructure(workbench: Workbench): Promise<FrameLocator> {
  const { page } = workbench;
  await workbench.runCommand('File: Open File...');
  await workbench.enterPath(join(sample, 'model.safetensors'));
  const structure = await workbench.webview('structure');
  await structure.getByTestId('kv-head').first().waitFor();
  await structure.getByTestId('tensors').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  return structure;
}
