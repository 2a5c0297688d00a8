/**
 * What a text does in a model: each layer's normalised attention input, on the tokens that conversions are solved on.
 * Role: data for groupings, merges and similarities that look at activations. It solves nothing.
 */
import type { GpuContext } from '../gpu/context';
import { normalise } from '../gpu/operations/norm';
import { pad4 } from '../gpu/operations/matrix';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import { keepRun, type KeptRun } from './keptRun';
import { leaseLayer } from './layerWeights';
import { unpad } from './logits';
import type { WeightSource } from './spec';

/** The activations of one layer. Windows lie one after the other: N = windows · T. */
export interface LayerCalibration {
  readonly context: GpuContext;
  /** [N, D] normalised input of attention. */
  readonly x: Float32Array;
  readonly N: number;
  /** Tokens of a window; attention never looks across windows. */
  readonly T: number;
}

/** The activations of every layer, in memory: L·N·D floats. */
export interface Calibration {
  readonly T: number;
  readonly N: number;
  /** Says in words which text this is, for provenance. */
  readonly text: string;
  layer(layer: number): LayerCalibration;
}

/**
 * Runs windows of tokens through a model and keeps what attention reads in each layer.
 * @param windows token ids, all of one length
 */
export async function calibrate(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  windows: readonly (readonly number[])[],
  text: string,
  task: TaskContext,
): Promise<Calibration> {
  const { L, D } = source.spec;
  const T = windows[0]?.length ?? 0;
  const N = windows.length * T;
  const inputs = Array.from({ length: L }, () => new Float32Array(N * D));
  for (const [index, ids] of windows.entries()) {
    task.report(`Running the calibration text, window ${index + 1} of ${windows.length}`, index / windows.length);
    const quiet = { signal: task.signal, report: () => undefined };
    const run = await keepRun(context, weights, source, ids, quiet);
    try {
      for (let layer = 0; layer < L; layer++) {
        inputs[layer]?.set(await attentionInput(context, weights, run, layer, task.signal), index * T * D);
      }
    } finally {
      run.destroy();
    }
  }
  return { T, N, text, layer: (layer) => ({ context, x: inputs[layer] ?? new Float32Array(), N, T }) };
}

/** [S, D] the normalised input of a layer's attention. */
export async function attentionInput(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { D } = run.source.spec;
  const input = run.inputs[layer];
  if (!input) throw new Error(`the run has no layer ${layer}`);
  const roles = ['attention.norm.weight', 'attention.norm.bias'] as const;
  const leased = await leaseLayer(weights, run.source, layer, signal, roles);
  const normed = context.storage(run.S * pad4(D), 'attention input');
  try {
    const batch = context.batch();
    normalise(context, batch, input, leased.norm('attention'), normed, run.S, D);
    batch.submit();
    return unpad(await context.readFloat32(normed), run.S, D);
  } finally {
    leased.release();
    normed.buffer.destroy();
  }
}
