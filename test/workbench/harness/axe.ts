// What axe-core says about a view: the violations that keep people out, with the elements that they are at.
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Frame, FrameLocator } from 'playwright-core';

/**
 * Runs axe-core in a view's own document. A view's content policy forbids foreign scripts, so that it is evaluated by the
 * browser's debugger and not loaded by the page.
 * @returns serious and critical violations, a line an element: "color-contrast (serious) .note: …"
 */
export async function seriousViolations(view: FrameLocator): Promise<string[]> {
  const root = await view.locator('html').elementHandle();
  const frame = await root.ownerFrame();
  if (!frame) throw new Error('The view has no frame of its own.');
  return seriousViolationsIn(frame);
}

/** The same in a page of the browser. */
export async function seriousViolationsIn(frame: Frame): Promise<string[]> {
  if (!(await frame.evaluate(() => 'axe' in window))) await frame.evaluate(axe.source);
  const { violations } = await frame.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, html, failureSummary = '' }) => {
        const why = failureSummary.split('\n').slice(1).join(' ').trim();
        return `${id} (${impact ?? ''}) ${String(target)}: ${why} ${html.slice(0, 160)}`;
      }),
    );
}
