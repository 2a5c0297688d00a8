/**
 * The second moment of what heads attend to, on the calibration text. Role: the weight that errors of value heads are measured with;
 * the maps come from layerText.ts.
 */
import { mapProduct } from '../../gpu/operations/mapProducts';
import { pad4 } from '../../gpu/operations/matrix';
import { transposedProduct } from '../../gpu/operations/transposedProduct';
import { readHeadRows } from './headRows';
import type { LayerText, TextMaps } from './layerText';

/** Windows whose attended inputs are looked at: H rows a query are more than enough. */
const momentWindows = 8;

/** E[z zᵀ] [W, W] over heads and some windows, for what heads attend to, z = Σ_n p(m, n) x_n. */
export async function attendedMoment(text: LayerText, maps: TextMaps, signal: AbortSignal): Promise<Float64Array> {
  const { context } = text;
  const { S, T, H, W, windows } = text.sizes;
  const width = pad4(W);
  const out = text.storage(width * width, 'second moment');
  const attended = text.storage(S * H * width, 'attended inputs');
  // All heads read the same rows: the inputs themselves.
  const readers = text.own(context.upload(new Uint32Array(H), 'readers'));
  const step = Math.max(1, Math.floor(windows / momentWindows));
  const chosen = Array.from({ length: Math.ceil(windows / step) }, (_, index) => index * step);
  for (const [index, window] of chosen.entries()) {
    signal.throwIfAborted();
    const piece = maps.find(({ firstWindow, windows: count }) => window < firstWindow + count);
    if (!piece) continue;
    const bytes = H * S * T * 4;
    const map = { buffer: piece.span.buffer, offset: (window - piece.firstWindow) * bytes, size: bytes };
    const x = { buffer: text.keys.x.buffer, offset: window * T * width * 4, size: T * width * 4 };
    const batch = context.batch();
    const shape = { ...text.windowsOf({ firstWindow: 0, windows: 1 }), G: 1, columns: width, factor: 1 };
    mapProduct(batch, map, x, readers, attended, shape);
    const factor = 1 / (S * H * chosen.length);
    transposedProduct(batch, attended, attended, out, {
      ...{ rows: S * H, M: width, N: width },
      ...{ factor, keep: index > 0 ? 1 : 0 },
    });
    batch.submit();
    await context.settled();
  }
  const moment = await readHeadRows(context, out, { heads: 1, K: W, W });
  text.free(attended, readers, out);
  return moment;
}
