// Measures a page from within: what messages weigh, when maps are drawn after their data, what a hover costs, how much it
// holds. Role: numbers for benchmarks and bounds; it asserts nothing.
import type { CDPSession, Frame, Page } from 'playwright-core';

/** One message that reached a page. */
interface Message {
  at: number;
  bytes: number;
}

/** What a page has noted about itself; times are its own performance.now(). */
export interface FrameNotes {
  messages: Message[];
  /** When pixels were put on a canvas, and how long after the last message that brought data. */
  pictures: { at: number; sinceData: number }[];
  /** Milliseconds of the main thread for each pointer move: its handlers, and the frame that follows. */
  hovers: number[];
}

declare global {
  interface Window {
    gqaLensNotes?: FrameNotes;
  }
}

/** Starts to note in a page. A webview's document is written into its frame, which forgets what listened before. */
export async function meter(frame: Frame): Promise<void> {
  await frame.evaluate(() => {
    const notes: FrameNotes = { messages: [], pictures: [], hovers: [] };
    window.gqaLensNotes = notes;
    const bytesOf = (value: unknown): number => {
      if (typeof value === 'string') return value.length;
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
      if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 2 + bytesOf(item), 0);
      if (typeof value === 'object' && value !== null) {
        return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + 2 + bytesOf(item), 0);
      }
      return 8;
    };
    const large = 4096;
    window.addEventListener(
      'message',
      ({ data }) => notes.messages.push({ at: performance.now(), bytes: bytesOf(data) }),
      true,
    );
    const canvas = CanvasRenderingContext2D.prototype;
    const put = Reflect.get(canvas, 'putImageData') as (...parameters: unknown[]) => void;
    canvas.putImageData = function (...parameters: unknown[]) {
      Reflect.apply(put, this, parameters);
      const at = performance.now();
      const last = notes.messages.findLast(({ bytes }) => bytes > large);
      notes.pictures.push({ at, sinceData: at - (last?.at ?? at) });
    };
    window.addEventListener(
      'pointermove',
      () => {
        const start = performance.now();
        // Asked for before the page's own handlers run, so it is the first of the next frame; a message that is posted in it
        // is handled once the frame has been laid out and painted.
        requestAnimationFrame(() => {
          const frame = performance.now();
          const channel = new MessageChannel();
          channel.port1.onmessage = () => notes.hovers.push(handlers + performance.now() - frame);
          channel.port2.postMessage(null);
        });
        let handlers = 0;
        window.addEventListener('pointermove', () => (handlers = performance.now() - start), { once: true });
      },
      true,
    );
  });
}

/** The frame whose page has an element with this data-testid. */
export async function frameWith(page: Page, testId: string): Promise<Frame> {
  for (const frame of page.frames()) {
    const count = await frame
      .locator(`[data-testid="${testId}"]`)
      .count()
      .catch(() => 0);
    if (count > 0) return frame;
  }
  throw new Error(`No frame shows [data-testid="${testId}"].`);
}

/** What a page has noted so far. */
export async function notesOf(frame: Frame): Promise<FrameNotes> {
  return frame.evaluate(() => window.gqaLensNotes ?? { messages: [], pictures: [], hovers: [] });
}

/** The session of the process that a page lives in: a webview has one of its own only where its origin differs from the editor's. */
async function sessionOf(page: Page, frame: Frame): Promise<CDPSession> {
  const context = page.context();
  return context.newCDPSession(frame).catch(() => context.newCDPSession(page));
}

/**
 * Does something again and again, and gives the milliseconds that script, style and layout took each time, until the frame
 * that follows was drawn. What the compositor takes is not in it: without a GPU that is most.
 */
export async function workOf(
  page: Page,
  frame: Frame,
  times: number,
  act: (step: number) => Promise<void>,
): Promise<number[]> {
  const session = await sessionOf(page, frame);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? NaN;
    return 1000 * (of('ScriptDuration') + of('RecalcStyleDuration') + of('LayoutDuration'));
  };
  const taken: number[] = [];
  for (let step = 0; step < times; step++) {
    const before = await read();
    await act(step);
    await frame.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));
    taken.push((await read()) - before);
  }
  await session.detach();
  return taken;
}

/** Bytes of JavaScript objects that the process of a page holds, after a collection. */
export async function heapOf(page: Page, frame: Frame): Promise<number> {
  const session = await sessionOf(page, frame);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

/** The value below which a share of the values lies; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
