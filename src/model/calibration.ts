/**
 * What a text does in a model: each layer's normalised attention input, on the tokens that conversions are solved on.
 * Role: data for groupings, merges and similarities that look at activations. It solves nothing.
 */
import type { GpuContext } from '../gpu/context';
import type { AttentionShape } from '../gpu/operations/attention';
import { pad4 } from '../gpu/operations/matrix';
import type { TaskContext } from '../protocol/tasks';
import type { Tokens } from '../protocol/tokens';
import { DistanceBiases } from './distanceBiases';
import type { GpuWeights } from './gpuWeights';
import { keepRun, type KeptRun } from './keptRun';
import { leaseLayer } from './layerWeights';
import { unpad } from './unpad';
import { attentionShape, readStream } from './project';
import { layerOf } from './specFacts';
import type { WeightSource } from './weightSource';
import { decoderTokens, encoderTokens } from './tokens';

/** What projections read. Windows lie one after the other: N = windows · T. */
export interface TextInputs {
  /** [N, D] */
  readonly x: Float32Array;
  readonly N: number;
  /** Tokens of a window; attention never looks across windows. */
  readonly T: number;
}

/** The activations of one layer: the normalised input of its attention. */
export interface LayerCalibration extends TextInputs {
  readonly context: GpuContext;
  /** What keys and values are made from in cross-attention: the encoder's output. Absent: what queries are made from. */
  readonly memory?: TextInputs;
  /** How queries and keys of a window meet, with what the GPU needs for it; `destroy` it when done. */
  attention(signal: AbortSignal): Promise<{ shape: AttentionShape; destroy: () => void }>;
}

/** The activations of every layer, in memory: L·N·D floats. */
export interface Calibration {
  /** Says in words which text this is, for provenance. */
  readonly text: string;
  layer(layer: number): LayerCalibration;
}

/** What a layer's keys and values are made from, and its queries where those are made from another text. */
export interface LayerInputs extends TextInputs {
  readonly queries?: TextInputs;
}

/** The inputs of a layer, keys first. */
export function layerInputs({ memory, x, N, T }: Pick<LayerCalibration, 'memory' | keyof TextInputs>): LayerInputs {
  return memory ? { ...memory, queries: { x, N, T } } : { x, N, T };
}

/**
 * Runs windows of tokens through a model and keeps what attention reads in each layer.
 * @param windows tokens; all windows have the same lengths
 */
export async function calibrate(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  windows: readonly Tokens[],
  text: string,
  task: TaskContext,
): Promise<Calibration> {
  const { layers, D } = source.spec;
  const [first = []] = windows;
  const S = decoderTokens(first).length;
  const T = encoderTokens(first)?.length ?? 0;
  // An encoder alone reads the only text there is.
  const lengths = { decoder: S, encoder: T || S };
  const room = (T: number): TextInputs => ({ x: new Float32Array(windows.length * T * D), N: windows.length * T, T });
  const inputs = layers.map(({ stack }) => room(lengths[stack]));
  const memory = room(T);
  for (const [index, tokens] of windows.entries()) {
    task.report(`Running the calibration text, window ${index + 1} of ${windows.length}`, index / windows.length);
    const quiet = { signal: task.signal, report: () => undefined };
    const run = await keepRun(context, weights, source, tokens, quiet);
    try {
      for (const [layer, { x, T }] of inputs.entries()) {
        x.set(await attentionInput(context, weights, run, layer, task.signal), index * T * D);
      }
      if (run.encoded) {
        memory.x.set(await memoryOf(context, run), index * memory.T * D);
      }
    } finally {
      run.destroy();
    }
  }
  return {
    text,
    layer: (layer) => {
      const own = inputs[layer];
      if (!own) throw new RangeError(`there is no layer ${layer} of ${layers.length}`);
      const isCross = layerOf(source.spec, layer).attention === 'cross';
      const rows = { S: own.T, T: isCross ? memory.T : own.T, past: 0 };
      const known = {
        ...own,
        context,
        attention: (signal: AbortSignal) => attentionOf(context, source, layer, rows, signal),
      };
      return isCross ? { ...known, memory } : known;
    },
  };
}

/** The shape of a layer's attention on a window, with its biases and sinks on the GPU. */
async function attentionOf(
  context: GpuContext,
  source: WeightSource,
  layer: number,
  rows: { S: number; T: number; past: number },
  signal: AbortSignal,
): Promise<{ shape: AttentionShape; destroy: () => void }> {
  const biases = new DistanceBiases(context, source, rows.past, rows.S, signal);
  const bias = await biases.of(layer);
  const sinks = source.has('sinks', layer) ? (await source.read('sinks', layer, signal)).data : null;
  const uploaded = sinks ? context.upload(sinks, 'sinks') : undefined;
  const destroy = (): void => {
    biases.destroy();
    uploaded?.buffer.destroy();
  };
  return { shape: attentionShape(source.spec, layer, rows, bias, uploaded), destroy };
}

/** The inputs of a layer in a run. */
export async function readInputs(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  signal: AbortSignal,
): Promise<LayerInputs> {
  const [S, T] = [run.rowsOf(layer), run.keysOf(layer)];
  const own = { x: await attentionInput(context, weights, run, layer, signal), N: S, T: S };
  if (layerOf(run.source.spec, layer).attention !== 'cross') return own;
  return layerInputs({ ...own, memory: { x: await memoryOf(context, run), N: T, T } });
}

/** [T, D] the encoder's output, which keys and values of cross-attention are made from. */
async function memoryOf(context: GpuContext, { encoded, source }: KeptRun): Promise<Float32Array> {
  if (!encoded) throw new Error('the run has no encoder');
  return unpad(await context.readFloat32(encoded.memory), encoded.ids.length, source.spec.D);
}

/** [rows, D] the normalised input of a layer's attention. */
async function attentionInput(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { D } = run.source.spec;
  const S = run.rowsOf(layer);
  const input = run.inputs[layer];
  if (!input) throw new Error(`the run has no layer ${layer}`);
  const roles = ['attention.norm.weight', 'attention.norm.bias'] as const;
  const leased = await leaseLayer(weights, run.source, layer, signal, roles);
  const normed = context.storage(S * pad4(D), 'attention input');
  try {
    const batch = context.batch();
    const rows = readStream(context, batch, run.source.spec, leased, 'attention', input, normed, S);
    batch.submit();
    return unpad(await context.readFloat32(rows), S, D);
  } finally {
    leased.release();
    normed.buffer.destroy();
  }
}
