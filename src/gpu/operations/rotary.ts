/** Rotary position embedding, applied in place to projected queries or keys. */
import rope from '../kernels/rope.wgsl';
import type { Batch } from '../batch';
import type { Span } from '../context';

const kernel = { name: 'rope', code: rope };

export interface RotaryTable {
  /** [S, planes] pairs (cos, sin). */
  span: Span;
  planes: number;
  layout: 'half' | 'interleaved';
}

/**
 * (cos, sin) of positions first..first+S-1, in float32 throughout as transformers computes them.
 * @param scale factor on both (yarn, longrope), else 1
 * @returns [S, planes, 2]
 */
export function rotaryTable(inverseFrequencies: Float32Array, first: number, S: number, scale: number): Float32Array {
  const planes = inverseFrequencies.length;
  const table = new Float32Array(S * planes * 2);
  for (let s = 0; s < S; s++) {
    for (let plane = 0; plane < planes; plane++) {
      const angle = Math.fround((first + s) * (inverseFrequencies[plane] ?? 0));
      table[(s * planes + plane) * 2] = Math.cos(angle) * scale;
      table[(s * planes + plane) * 2 + 1] = Math.sin(angle) * scale;
    }
  }
  return table;
}

/** Turns rows row0..row0+S-1 of x[rows, heads, stride] in place; the first 2 · planes components of each head. */
export function rotate(
  batch: Batch,
  x: Span,
  table: RotaryTable,
  { S, heads, stride, row0 = 0 }: { S: number; heads: number; stride: number; row0?: number },
): void {
  batch.dispatch({
    kernel,
    constants: { INTERLEAVED: table.layout === 'interleaved' ? 1 : 0 },
    params: [S, heads, stride, table.planes, row0],
    buffers: [table.span, x],
    workgroups: [Math.ceil((heads * table.planes) / 64), S],
  });
}
