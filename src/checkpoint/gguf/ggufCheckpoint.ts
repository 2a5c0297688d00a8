/**
 * A GGUF file as a checkpoint of its family: rows in transformers' order, norms less what llama.cpp adds, Conv1D turned.
 * Role: reading derived tensors by range, no more rows than are asked for. Stored numbers are read by TensorFiles.
 */
import type { Checkpoint, ElementRange, Embedded, TensorInfo } from '../checkpoint';
import { TensorFiles, type TensorFilesParts } from '../tensorFiles';
import type { Derivation } from './names';
import type { RowOrder } from './rowOrder';

/** Elements of stored rows read at once: 4 Mi, 16 MB as float32. */
const chunkElements = 4 * 1024 * 1024;
/** Elements between two rows that are read with them rather than left out. */
const gapElements = 16 * 1024;

export interface GgufParts extends TensorFilesParts {
  derivations: ReadonlyMap<string, Derivation>;
  embedded: Embedded;
}

export class GgufCheckpoint implements Checkpoint {
  readonly path: string;
  readonly folder: string;
  readonly config: Checkpoint['config'];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly bytesOnDisk: number;
  readonly embedded: Embedded;
  private readonly stored: TensorFiles;
  private readonly derivations: ReadonlyMap<string, Derivation>;

  constructor(parts: GgufParts) {
    this.stored = new TensorFiles(parts);
    ({ path: this.path, folder: this.folder, config: this.config, tensors: this.tensors } = parts);
    ({ bytesOnDisk: this.bytesOnDisk, embedded: this.embedded, derivations: this.derivations } = parts);
  }

  async readFloat32(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Float32Array> {
    const derivation = this.derivations.get(name);
    const info = this.tensors.get(name);
    if (!derivation || !info) return this.stored.readFloat32(name, range, signal);
    const elements = info.shape.reduce((product, size) => product * size, 1);
    const { start, end } = range ?? { start: 0, end: elements };
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= elements)) {
      throw new RangeError(`Elements ${start} to ${end} asked of ${name}, which has ${elements}.`);
    }
    const { rows, transposed, plus } = derivation;
    if (rows) return this.readRows(info, rows, start, end, signal);
    if (transposed) return this.readTurned(info, start, end, signal);
    const data = await this.stored.readFloat32(name, { start, end }, signal);
    return plus === undefined ? data : data.map((value) => value + plus);
  }

  /** Stored bytes in the order of the file, whatever readFloat32 makes of them. */
  readBytes(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Uint8Array> {
    return this.stored.readBytes(name, range, signal);
  }

  close(): Promise<void> {
    return this.stored.close();
  }

  /** Rows that lie close together in the file are read in one piece, and put where they belong. */
  private async readRows(
    { name, shape }: TensorInfo,
    order: RowOrder,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const columns = shape.slice(1).reduce((product, size) => product * size, 1);
    const out = new Float32Array(end - start);
    const first = Math.floor(start / columns);
    const wanted = Array.from({ length: out.length === 0 ? 0 : Math.ceil(end / columns) - first }, (_, place) => ({
      row: first + place,
      stored: order.stored(first + place),
    })).sort((a, b) => a.stored - b.stored);
    for (const run of closeTogether(wanted, columns)) {
      const from = run[0]?.stored ?? 0;
      const to = (run.at(-1)?.stored ?? 0) + 1;
      const data = await this.stored.readFloat32(name, { start: from * columns, end: to * columns }, signal);
      for (const { row, stored } of run) {
        const skipped = Math.max(0, start - row * columns);
        const length = Math.min(columns, end - row * columns);
        const at = (stored - from) * columns;
        out.set(data.subarray(at + skipped, at + length), row * columns + skipped - start);
      }
    }
    return out;
  }

  /** [in, out] from stored [out, in]: each stored row is a column, so all of them are read, a few at a time. */
  private async readTurned(
    { name, shape }: TensorInfo,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const [inputs = 1, outputs = 1] = shape;
    const out = new Float32Array(end - start);
    const step = Math.max(1, Math.floor(chunkElements / inputs));
    for (let top = 0; top < outputs && out.length > 0; top += step) {
      const bottom = Math.min(outputs, top + step);
      const data = await this.stored.readFloat32(name, { start: top * inputs, end: bottom * inputs }, signal);
      for (let output = top; output < bottom; output++) {
        const row = (output - top) * inputs;
        const begin = Math.max(0, Math.ceil((start - output) / outputs));
        for (let input = begin, at = begin * outputs + output; at < end; input++, at += outputs) {
          out[at - start] = data[row + input] ?? 0;
        }
      }
    }
    return out;
  }
}

interface WantedRow {
  row: number;
  stored: number;
}

/** Divides rows, in the order of the file, into runs with small gaps that are read at once. */
function closeTogether(wanted: readonly WantedRow[], columns: number): WantedRow[][] {
  const runs: WantedRow[][] = [];
  for (const row of wanted) {
    const run = runs.at(-1);
    const [first, last] = [run?.[0], run?.at(-1)];
    const fits =
      first &&
      last &&
      (row.stored - last.stored - 1) * columns <= gapElements &&
      (row.stored + 1 - first.stored) * columns <= chunkElements;
    if (run && fits) run.push(row);
    else runs.push([row]);
  }
  return runs;
}
