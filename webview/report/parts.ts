/**
 * The parts of the file: gzip in base64, in elements that the browser does not run.
 * Role: from an element to a value. What the values are is records.ts.
 */
import { unpackValue } from '../../src/protocol/packedValues';

/** Whether this browser can read reports. */
export function canReadParts(): boolean {
  return 'DecompressionStream' in window;
}

/** The value of a part; null where the file has none of that name. */
export async function readPart(name: string): Promise<unknown> {
  const parts = document.querySelectorAll<HTMLElement>('script[data-part]');
  const text = Array.from(parts).find((part) => part.dataset.part === name)?.textContent;
  if (text === undefined) return null;
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream('gzip'));
  return unpackValue(new Uint8Array(await new Response(stream).arrayBuffer()));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}
