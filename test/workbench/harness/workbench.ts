// One browser VS Code with the packed extension installed into a clean profile, and the few things a user does in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import { launchChromium } from '../../../scripts/lib/browser.mjs';
import { artifacts, folder, root } from '../../../scripts/lib/places.mjs';
import { makeProfile, quietSettings, startServer, type Server } from '../../../scripts/lib/webCode.mjs';
import { ensureWebCode } from '../../../scripts/lib/webCodeInstall.mjs';
import { chooseLanguage } from './language';
import { themes, type ThemeName } from './themes';
import { visibleWebview } from './webview';

/** Tries until it holds. Unlike `expect.poll` it may be asked before the first test. */
async function within(timeout: number, holds: () => Promise<boolean>, failure: string): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export interface WorkbenchOptions {
  /** Folder that VS Code opens; default: media. */
  folder?: string;
  settings?: Record<string, unknown>;
  /** Display language, e.g. "de"; default: English. */
  language?: string;
}

export class Workbench {
  private constructor(
    readonly page: Page,
    private readonly browser: Browser,
    private readonly server: Server,
    private readonly temporary: string,
  ) {}

  /** Opens VS Code with the extension that globalSetup.ts has installed. */
  static async open({
    folder: opened = join(root, 'media'),
    settings = {},
    language,
  }: WorkbenchOptions = {}): Promise<Workbench> {
    const temporary = mkdtempSync(join(tmpdir(), 'gqa-lens-workbench-'));
    const own = { ...quietSettings, 'workbench.colorTheme': themes.dark.setting, ...settings };
    const profile = { ...makeProfile(temporary, own), extensions: inject('extensions') };
    if (language !== undefined) chooseLanguage(profile, language);
    const [server, browser] = await Promise.all([
      ensureWebCode().then((webCode) => startServer(webCode, { profile, token: null })),
      launchChromium(),
    ]);
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    await page.goto(server.address(opened));
    const workbench = new Workbench(page, browser, server, temporary);
    await workbench.waitUntilUp();
    return workbench;
  }

  /** Runs a command as a user does: F1, its title, Enter. Fails when the palette does not offer it. */
  async runCommand(title: string): Promise<void> {
    const choose = async (): Promise<boolean> => {
      await this.openPalette(title);
      // The palette may close between the two.
      return this.paletteRow(title)
        .click({ timeout: 5000 })
        .then(
          () => true,
          () => false,
        );
    };
    await within(45_000, choose, `The palette did not run ${title}.`);
  }

  /** Whether the palette offers a command now. */
  async offersCommand(title: string): Promise<boolean> {
    await this.openPalette(title);
    const offered = await this.paletteRow(title).isVisible();
    await this.page.keyboard.press('Escape');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    return offered;
  }

  /** Picks a row of an open quick pick by its label. */
  async pick(label: string | RegExp): Promise<void> {
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label }).first().click();
  }

  /** Chooses in the context menu that is open. A menu does not hear clicks in the first tenth of a second. */
  async chooseInContextMenu(title: string): Promise<void> {
    const entry = this.page.locator('.monaco-menu .action-label').filter({ hasText: title }).first();
    await entry.waitFor();
    const isOpen = async (): Promise<boolean> => {
      if (!(await entry.isVisible())) return false;
      // It may close between the two.
      await entry.click({ timeout: 1000 }).catch(() => undefined);
      return entry.isVisible();
    };
    await expect.poll(isOpen, { timeout: 10_000, interval: 250 }).toBe(false);
  }

  /**
   * Enters a path in the editor's file dialog, which in a browser is a quick input, and confirms it. The dialog fills in a
   * place of its own first, in steps, and is done with that when it lists what is there: what is typed before is lost. Gives the
   * place back that was proposed.
   */
  async enterPath(path: string): Promise<string> {
    const dialog = this.page.locator('.quick-input-widget');
    const input = dialog.locator('input[type="text"]');
    const confirm = dialog.locator('.quick-input-action').first();
    await confirm.waitFor();
    await dialog.locator('.monaco-list-row').first().waitFor();
    const proposed = await input.inputValue();
    await input.fill(path);
    // It looks the folder up, and may complete what is typed.
    let before = '';
    const rests = async (): Promise<boolean> => {
      const last = before;
      before = `${await input.inputValue()} ${(await dialog.locator('.monaco-list-row').allInnerTexts()).join()}`;
      return last === before;
    };
    await expect.poll(rests, { timeout: 20_000, interval: 200 }).toBe(true);
    expect(await input.inputValue()).toBe(path);
    await confirm.click();
    return proposed;
  }

  /** The document of the visible webview that contains an element with this data-testid. */
  webview(testId: string, limit?: number): Promise<FrameLocator> {
    return visibleWebview(this.page, testId, limit);
  }

  /** Text of every notification that is on screen. */
  async notifications(): Promise<string[]> {
    return this.page.locator('.notification-toast .notification-list-item-message').allInnerTexts();
  }

  /** Chooses a colour theme as a user does, in the theme picker. */
  async setTheme(name: ThemeName): Promise<void> {
    const { label, className } = themes[name];
    await this.runCommand('Preferences: Color Theme');
    await this.page.locator('.quick-input-widget input[type="text"]').fill(label);
    await this.pick(new RegExp(`^${label}`));
    await this.page.locator(`.monaco-workbench.${className}`).waitFor();
  }

  /**
   * Reloads the window by its command. That writes down what panels keep, which a browser's own reload does not: a
   * browser's VS Code does so every five seconds only, and not when the page goes.
   */
  async reload(): Promise<void> {
    await Promise.all([this.page.waitForEvent('load'), this.runCommand('Developer: Reload Window')]);
    await this.waitUntilUp();
  }

  /** Keeps a picture under artifacts/screenshots/. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(folder(join(artifacts, 'screenshots')), `${name}.png`) });
  }

  /** What VS Code's server wrote, for the message of a failed test. */
  serverLog(): string {
    return this.server.log();
  }

  /** Process group of VS Code's server, its extension hosts and their engines. */
  get processGroup(): number | undefined {
    return this.server.processGroup;
  }

  /** The profile is thrown away: nobody waits for what VS Code would still write into it. */
  async close(): Promise<void> {
    await Promise.all([this.browser.close(), this.server.stop(0)]);
    rmSync(this.temporary, { recursive: true, force: true });
  }

  /**
   * Opens the palette with a title typed into it. Something that takes the focus while it opens (a panel that VS Code brings
   * to the front) closes it, as it would a user's: who sees that presses the key again.
   */
  private async openPalette(title: string): Promise<void> {
    const typed = `>${title}`;
    const input = this.page.locator('.quick-input-widget input[type="text"]');
    // Rows that match, or the row that says that none does.
    const row = this.page.locator('.quick-input-list .monaco-list-row').first();
    const isOpen = async (): Promise<boolean> =>
      (await input.isVisible()) && (await input.inputValue()) === typed && (await row.isVisible());
    const open = async (): Promise<boolean> => {
      if (await isOpen()) return true;
      await this.page.keyboard.press('F1');
      await input.fill(typed, { timeout: 5000 }).catch(() => undefined);
      await row.waitFor({ timeout: 5000 }).catch(() => undefined);
      return isOpen();
    };
    await within(30_000, open, `The palette did not list ${title}.`);
  }

  private paletteRow(title: string) {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
  }

  /** The workbench is drawn and its extension host answers: only then are views and commands real. */
  private async waitUntilUp(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    await this.page.locator('.activitybar [aria-label^="GQA Lens"]').first().waitFor({ timeout: 60_000 });
  }
}
