// Finding the page of a webview: VS Code wraps it in two frames, and several webviews may be open at once.
import { setTimeout as delay } from 'node:timers/promises';
import type { FrameLocator, Page } from 'playwright-core';

/**
 * Waits for a visible webview that contains an element and gives its document.
 * @param testId the element's data-testid, e.g. "explorer"
 * @param limit milliseconds
 */
export async function visibleWebview(page: Page, testId: string, limit = 60_000): Promise<FrameLocator> {
  const deadline = performance.now() + limit;
  const wrappers = page.locator('iframe.webview.ready').filter({ visible: true });
  while (performance.now() < deadline) {
    for (let i = 0; i < (await wrappers.count()); i++) {
      const document = wrappers.nth(i).contentFrame().frameLocator('#active-frame');
      if (await hasElement(document, testId)) return document;
    }
    await delay(100);
  }
  throw new Error(`No visible webview showed [data-testid="${testId}"] within ${limit / 1000} s.`);
}

async function hasElement(document: FrameLocator, testId: string): Promise<boolean> {
  try {
    return await document.getByTestId(testId).first().isVisible();
  } catch {
    // The frame was replaced while we looked.
    return false;
  }
}
