/**
 * The weights of a checkpoint by role: where the forward pass and conversions read from.
 * Role: undoes stored layouts (transposed, fused), reading no more than is asked for. It converts and caches nothing.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import { GqaLensError } from '../protocol/errors';
import { expertOf, type GlobalRole, type LayerRole, type Role, type WeightRef } from './roles';
import type { ModelSpec } from './spec';
import type { Weight, WeightSource } from './weightSource';

/** Stored elements read at once where a range of outputs lies in every row: 4 Mi, 16 MB as float32. */
const blockElements = 4 * 1024 * 1024;

/** Runs of outputs with fewer elements than this (16 KiB as float32) are read in one piece. */
const shortRun = 4096;

export class CheckpointWeights implements WeightSource {
  constructor(
    private readonly checkpoint: Checkpoint,
    readonly spec: ModelSpec,
  ) {}

  has(role: Role, layer: number | null): boolean {
    return this.find(role, layer) !== undefined;
  }

  async read(role: Role, layer: number | null, signal?: AbortSignal): Promise<Weight> {
    const located = this.locate(role, layer);
    return this.readOutputs(located, 0, located.outputs, signal);
  }

  async readRows(role: Role, layer: number | null, start: number, end: number, signal?: AbortSignal): Promise<Weight> {
    const located = this.locate(role, layer);
    if (!(0 <= start && start <= end && end <= located.outputs)) {
      throw new RangeError(`Rows ${start} to ${end} asked of ${role}, which has ${located.outputs}.`);
    }
    return this.readOutputs(located, start, end, signal);
  }

  private async readOutputs(located: Located, start: number, end: number, signal?: AbortSignal): Promise<Weight> {
    const { ref, columns } = located;
    const { plus = 0 } = ref;
    const data = await (ref.transposed
      ? this.readTransposed(located, start, end, signal)
      : this.readRuns(located, start, end, signal));
    return { data: plus === 0 ? data : data.map((value) => value + plus), rows: end - start, columns };
  }

  private async readRuns(located: Located, start: number, end: number, signal?: AbortSignal): Promise<Float32Array> {
    const { columns } = located;
    const runs = runsOf(located, start, end);
    const [first, last] = [runs[0], runs.at(-1)];
    if (!first || !last) return new Float32Array();
    // Short runs are read together with what lies between them, long ones each by itself.
    const together = runs.length > 1 && first.count * columns < shortRun;
    const whole = together
      ? await this.readStored(located, first.first * columns, (last.first + last.count) * columns, signal)
      : null;
    if (whole) {
      const from = (place: number): number => (place - first.first) * columns;
      return joined(runs.map((run) => whole.subarray(from(run.first), from(run.first + run.count))));
    }
    const parts = runs.map((run) => {
      return this.readStored(located, run.first * columns, (run.first + run.count) * columns, signal);
    });
    return joined(await Promise.all(parts));
  }

  /** Stored elements [start, end) of the role's matrix. */
  private readStored(
    { ref, storedOutputs, columns }: Located,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const base = (ref.item ?? 0) * storedOutputs * columns;
    return this.checkpoint.readFloat32(ref.tensor, { start: base + start, end: base + end }, signal);
  }

  /** Stored [columns, storedOutputs]: whole stored rows are read in blocks, and the outputs wanted are turned. */
  private async readTransposed(
    located: Located,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const { columns, storedOutputs } = located;
    const rows = end - start;
    const places = runsOf(located, start, end).flatMap(({ first, count }) =>
      Array.from({ length: count }, (_, i) => first + i),
    );
    const data = new Float32Array(rows * columns);
    const blockRows = Math.max(1, Math.floor(blockElements / storedOutputs));
    for (let top = 0; top < columns; top += blockRows) {
      const bottom = Math.min(columns, top + blockRows);
      const block = await this.readStored(located, top * storedOutputs, bottom * storedOutputs, signal);
      for (let row = 0; row < rows; row++) {
        let source = places[row] ?? 0;
        for (let column = top; column < bottom; column++, source += storedOutputs) {
          data[row * columns + column] = block[source] ?? 0;
        }
      }
    }
    return data;
  }

  private locate(role: Role, layer: number | null): Located {
    const ref = this.find(role, layer);
    const info = ref && this.checkpoint.tensors.get(ref.tensor);
    if (!ref || !info) {
      throw new GqaLensError('checkpoint-invalid', `The model has no weight ${role}`, {
        file: this.checkpoint.path,
        ...(layer === null ? {} : { found: `layer ${layer} of ${this.spec.L}` }),
        next: 'Ask has() first: not every family has every weight.',
      });
    }
    const shape = ref.item === undefined ? info.shape : info.shape.slice(1);
    const [storedOutputs = 1, columns = 1] = ref.transposed ? shape.toReversed() : shape;
    const { offset, count, units = 1 } = ref.outputs ?? { offset: 0, count: storedOutputs };
    return { ref, storedOutputs, columns, offset, outputs: count, units };
  }

  private find(role: Role, layer: number | null): WeightRef | undefined {
    if (layer === null) return this.spec.globals[role as GlobalRole];
    const own = this.spec.layers[layer];
    const place = expertOf(role);
    return place ? own?.experts?.[place.expert]?.[place.part] : own?.weights[role as LayerRole];
  }
}

interface Located {
  ref: WeightRef;
  /** Outputs of the stored tensor. */
  storedOutputs: number;
  columns: number;
  /** The role's outputs lie in `units` equal runs, `offset` into each (WeightRef.outputs). */
  offset: number;
  outputs: number;
  units: number;
}

/** Where outputs [start, end) of a role lie in the stored tensor: runs of adjacent ones. */
function runsOf({ offset, outputs, units, storedOutputs }: Located, start: number, end: number) {
  const ours = outputs / units;
  const stride = storedOutputs / units;
  const runs: { first: number; count: number }[] = [];
  for (let at = start; at < end;) {
    const unit = Math.floor(at / ours);
    const count = Math.min(end, (unit + 1) * ours) - at;
    runs.push({ first: unit * stride + offset + (at - unit * ours), count });
    at += count;
  }
  return runs;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const result = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
