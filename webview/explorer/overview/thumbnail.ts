/** Draws a group's map small, with a scale of its own: the overview shows shapes, not amounts. */
import { addToHistogram } from '../../shared/attentionCode';
import { fitScale, pixelTable } from '../../shared/colorScale';
import { isDark } from '../../shared/theme';
import type { Thumbnail } from '../data';

const drawn = new WeakMap<HTMLCanvasElement, { picture: Thumbnail; dark: boolean }>();

/** Draws a picture unless the canvas shows it already. */
export function drawThumbnail(canvas: HTMLCanvasElement, picture: Thumbnail): void {
  const context = canvas.getContext('2d');
  const dark = isDark();
  const last = drawn.get(canvas);
  if (context === null || (last?.picture === picture && last.dark === dark)) return;
  drawn.set(canvas, { picture, dark });
  const { codes, S, T, causal } = picture;
  const histogram = new Uint32Array(256);
  addToHistogram(histogram, codes, picture, true);
  const table = pixelTable(fitScale(histogram, 'log'), dark);
  canvas.width = T;
  canvas.height = S;
  const image = context.createImageData(T, S);
  const pixels = new Uint32Array(image.data.buffer);
  for (let query = 0; query < S; query++) {
    for (let key = 0; key <= (causal ? query : T - 1); key++)
      pixels[query * T + key] = table[codes[query * T + key] ?? 0] ?? 0;
  }
  context.putImageData(image, 0, 0);
}

/** Forgets what a canvas shows: it is about to stand for something else. */
export function clearThumbnail(canvas: HTMLCanvasElement): void {
  drawn.delete(canvas);
  canvas.width = canvas.height = 0;
}
