/** Waiting for a figure that is about to become a picture. */
import type { Whole } from './figure';

/** Milliseconds that a picture waits for the next thing on its way; after that it shows what there is. */
const LONGEST_WAIT = 5000;

/**
 * Waits until all of a figure is drawn: what is far out of sight may not have been asked for yet.
 * @param waiting called when something is missing
 */
export async function drawn(frame: HTMLElement, whole: Whole | null, waiting: () => void): Promise<void> {
  const missing = (): number => frame.querySelectorAll('.loading').length + (whole?.missing() ?? 0);
  let left = missing();
  if (left === 0) return;
  waiting();
  frame.scrollIntoView({ block: 'nearest' });
  let end = performance.now() + LONGEST_WAIT;
  while (left > 0 && performance.now() < end) {
    await nextFrame();
    const now = missing();
    if (now < left) end = performance.now() + LONGEST_WAIT;
    left = now;
  }
}

/** Resolves when the browser is about to paint. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}
