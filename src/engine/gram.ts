/**
 * The matrix product that comparisons of heads are made of, where it is fastest.
 * Role: on the GPU where it is large and there is one; comparisons work without, only slower.
 */
import { gpuProduct } from '../gpu/operations/gram';
import { cpuGram, type Gram } from '../gqa/gram';
import type { EngineGpu } from './gpu';

/** Multiplications up to which the CPU, in float64, is fast enough: a fraction of a second. */
const cpuGramLimit = 2e8;

/** A·Bᵀ on the GPU or the CPU. */
export function engineGram(gpu: EngineGpu): Gram {
  return async (a, b, columns, task) => {
    if ((a.length / columns) * b.length <= cpuGramLimit) return cpuGram(a, b, columns, task);
    const ready = await gpu.ready().catch(() => null);
    if (!ready) return cpuGram(a, b, columns, task);
    return gpuProduct(ready.context, a, b, columns, task.signal);
  };
}
