/**
 * Statistics of one tensor, streamed: two passes over ranges, since the bins of a histogram and the spread about the mean
 * want to know range and mean first. A gigabyte is read twice rather than held once.
 * Role: numbers of any readable tensor of any format. What can be read as numbers is the checkpoint's to say.
 */
import { GqaLensError } from '../protocol/errors';
import type { TensorStatistics } from '../protocol/structure';
import type { TaskContext } from '../protocol/tasks';
import type { Checkpoint, TensorInfo } from './checkpoint';

/** Elements in memory at once: 4 MB as float32; a multiple of every quantised block's length. */
const chunkElements = 1024 * 1024;
export const histogramBins = 40;

type Numbers = Float32Array | Float64Array;

/**
 * Statistics of a tensor, in float64 over its elements (as float32; F64 as it is).
 * @throws GqaLensError checkpoint-unsupported for element types that are no weights, naming the type
 */
export async function tensorStatistics(
  checkpoint: Checkpoint,
  name: string,
  task: TaskContext,
  chunk = chunkElements,
): Promise<TensorStatistics> {
  const info = checkpoint.tensors.get(name);
  if (!info) {
    throw new GqaLensError('checkpoint-invalid', 'The checkpoint has no such tensor', {
      file: checkpoint.path,
      tensor: name,
      next: 'The file has changed since it was read: reload it.',
    });
  }
  const elements = info.shape.reduce((product, size) => product * size, 1);
  const read = async (pass: number, take: (values: Numbers) => void): Promise<void> => {
    for (let start = 0; start < elements; start += chunk) {
      task.signal.throwIfAborted();
      task.report(`Reading ${name}`, (pass + start / elements) / 2);
      take(await readNumbers(checkpoint, info, start, Math.min(elements, start + chunk), task.signal));
    }
  };
  const first = new Totals();
  await read(0, (values) => first.add(values));
  const spread = new Spread(first);
  await read(1, (values) => spread.add(values));
  const { finite, minimum, maximum } = first;
  const isEmpty = finite === 0;
  return {
    name,
    elements,
    minimum: isEmpty ? null : minimum,
    maximum: isEmpty ? null : maximum,
    mean: isEmpty ? null : first.mean,
    standardDeviation: isEmpty ? null : Math.sqrt(spread.squares / finite),
    norm: Math.sqrt(first.squares),
    zeros: first.zeros,
    nans: first.nans,
    infinities: first.infinities,
    histogram: isEmpty || minimum === maximum ? [] : [...spread.bins],
  };
}

/** Float32, but F64 as it is stored: its numbers may lie outside of float32's range. */
async function readNumbers(
  checkpoint: Checkpoint,
  { name, dtype }: TensorInfo,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Numbers> {
  if (dtype !== 'F64') return checkpoint.readFloat32(name, { start, end }, signal);
  const bytes = await checkpoint.readBytes(name, { start, end }, signal);
  return new Float64Array(bytes.slice().buffer);
}

/** The first pass: everything that needs no knowledge of other elements. */
class Totals {
  finite = 0;
  zeros = 0;
  nans = 0;
  infinities = 0;
  minimum = Infinity;
  maximum = -Infinity;
  squares = 0;
  private sum = 0;

  get mean(): number {
    return this.sum / this.finite;
  }

  add(values: Numbers): void {
    // Sums of a chunk are added up by themselves: small numbers are not lost beside a large total.
    let [sum, squares, finite, zeros] = [0, 0, 0, 0];
    let { minimum, maximum } = this;
    for (const value of values) {
      if (value - value !== 0) {
        if (Number.isNaN(value)) this.nans++;
        else this.infinities++;
        continue;
      }
      finite++;
      if (value === 0) zeros++;
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
      sum += value;
      squares += value * value;
    }
    Object.assign(this, { minimum, maximum });
    this.finite += finite;
    this.zeros += zeros;
    this.sum += sum;
    this.squares += squares;
  }
}

/** The second pass: squares about the mean, and bins between minimum and maximum. */
class Spread {
  readonly bins = new Float64Array(histogramBins);
  squares = 0;

  constructor(private readonly totals: Totals) {}

  add(values: Numbers): void {
    const { mean, minimum, maximum } = this.totals;
    const scale = histogramBins / (maximum - minimum);
    let squares = 0;
    for (const value of values) {
      if (value - value !== 0) continue;
      squares += (value - mean) ** 2;
      const bin = Math.min(histogramBins - 1, Math.floor((value - minimum) * scale));
      this.bins[bin] = (this.bins[bin] ?? 0) + 1;
    }
    this.squares += squares;
  }
}
