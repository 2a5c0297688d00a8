/**
 * Weights on the GPU: read when first used, shared between runs and conversions, dropped when a budget is exceeded.
 * Role: from (source, role, layer) to padded GPU matrices and vectors. It decides neither order nor prefetching.
 */
import type { GpuContext, Span } from '../gpu/context';
import { pad4, type GpuMatrix } from '../gpu/operations/matrix';
import { expertOf, type Role } from './roles';
import { kvHeadsOf } from './specFacts';
import type { ModelSpec } from './spec';
import type { WeightSource } from './weightSource';

/** Largest piece of a matrix that is read and uploaded at once, in bytes. Keeps CPU memory and bindings small. */
const partBytes = 64 * 1024 * 1024;

/** Padding of one dimension: `blocks` blocks (heads) of `size`, each padded to a multiple of 4. */
interface Blocks {
  blocks: number;
  size: number;
}

interface Entry {
  value: Promise<{ matrix: GpuMatrix; bytes: number }>;
  bytes: number;
  users: number;
  lastUse: number;
}

/** Something acquired from the store; `release` it once the work that uses it is submitted. */
export interface Lease {
  matrix: GpuMatrix;
  release(): void;
}

export class GpuWeights {
  private readonly context: GpuContext;
  private readonly budget: number;
  private readonly entries = new Map<string, Entry>();
  private readonly sourceIds = new WeakMap<WeightSource, number>();
  private nextSourceId = 1;
  private clock = 0;
  private residentBytes = 0;

  /** @param budget bytes of weights to keep on the GPU; what is in use may exceed it */
  constructor(context: GpuContext, budget: number) {
    this.context = context;
    this.budget = budget;
  }

  /** Bytes on the GPU now. */
  get resident(): number {
    return this.residentBytes;
  }

  /** A weight as a padded matrix; vectors are matrices of one column block and one part, see `vectorOf`. */
  async acquire(source: WeightSource, role: Role, layer: number | null, signal?: AbortSignal): Promise<Lease> {
    const owner = source.owner?.(role, layer) ?? source;
    const key = `${this.idOf(owner)} ${role} ${layer ?? ''}`;
    let entry = this.entries.get(key);
    if (!entry) {
      entry = { value: this.upload(owner, role, layer, signal), bytes: 0, users: 0, lastUse: 0 };
      this.entries.set(key, entry);
    }
    const held = entry;
    held.users += 1;
    held.lastUse = ++this.clock;
    try {
      const { matrix, bytes } = await held.value;
      if (held.bytes === 0) {
        held.bytes = bytes;
        this.residentBytes += bytes;
        this.evict();
      }
      let released = false;
      const release = (): void => {
        if (released) return;
        released = true;
        held.users -= 1;
        this.evict();
      };
      return { matrix, release };
    } catch (error) {
      // The read failed or was cancelled: the next caller must be able to try again.
      held.users -= 1;
      if (this.entries.get(key) === held) this.entries.delete(key);
      throw error;
    }
  }

  /** Forgets every weight of a closed source. */
  drop(source: WeightSource): void {
    const prefix = `${this.idOf(source)} `;
    for (const [key, entry] of this.entries) {
      if (key.startsWith(prefix) && entry.users === 0) this.remove(key, entry);
    }
  }

  private evict(): void {
    if (this.residentBytes <= this.budget) return;
    const idle = [...this.entries].filter(([, entry]) => entry.users === 0 && entry.bytes > 0);
    idle.sort(([, a], [, b]) => a.lastUse - b.lastUse);
    for (const [key, entry] of idle) {
      if (this.residentBytes <= this.budget) return;
      this.remove(key, entry);
    }
  }

  private remove(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.residentBytes -= entry.bytes;
    void entry.value.then(
      ({ matrix }) => matrix.parts.forEach(({ span }) => span.buffer.destroy()),
      () => undefined,
    );
  }

  private idOf(source: WeightSource): number {
    const known = this.sourceIds.get(source);
    if (known !== undefined) return known;
    const id = this.nextSourceId++;
    this.sourceIds.set(source, id);
    return id;
  }

  private async upload(
    source: WeightSource,
    role: Role,
    layer: number | null,
    signal: AbortSignal | undefined,
  ): Promise<{ matrix: GpuMatrix; bytes: number }> {
    const { rows, columns } = blocksOf(source.spec, role, layer);
    const paddedColumns = columns.blocks * pad4(columns.size);
    const rowsPerBlock = rows.size;
    const totalRows = rows.blocks * rowsPerBlock;
    // Parts hold whole head blocks where heads need padding, and whole vec4 of rows otherwise.
    const unit = rows.blocks > 1 && rowsPerBlock !== pad4(rowsPerBlock) ? rowsPerBlock : 4;
    const limit = Math.min(partBytes, this.context.maxBindingBytes);
    const rowsPerPart = Math.max(unit, Math.floor(limit / (paddedColumns * 4) / unit) * unit);
    const parts: { span: Span; row0: number; rows: number }[] = [];
    let row0 = 0;
    for (let start = 0; start < totalRows; start += rowsPerPart) {
      const end = Math.min(totalRows, start + rowsPerPart);
      const whole = start === 0 && end === totalRows;
      const { data } = whole
        ? await source.read(role, layer, signal)
        : await source.readRows(role, layer, start, end, signal);
      const padded = padMatrix(data, rowBlocks(end - start, rowsPerBlock), columns);
      const span = this.context.upload(padded, `${role} ${layer ?? ''}`);
      const partRows = padded.length / paddedColumns;
      parts.push({ span, row0, rows: partRows });
      row0 += partRows;
    }
    const matrix = { rows: row0, columns: paddedColumns, parts };
    return { matrix, bytes: row0 * paddedColumns * 4 };
  }
}

/** The span of a vector (norm weight or bias), which is always one part. */
export function vectorOf(matrix: GpuMatrix): Span {
  const [part] = matrix.parts;
  if (!part || matrix.parts.length > 1) throw new Error(`a vector has 1 part, found ${matrix.parts.length}`);
  return part.span;
}

/** A part of a blocked dimension: whole blocks, or one piece of an unblocked one. */
function rowBlocks(rows: number, size: number): Blocks {
  return rows % size === 0 ? { blocks: rows / size, size } : { blocks: 1, size: rows };
}

/**
 * Copies [rows, columns] into a zero-padded array. Returns the input itself when nothing is padded.
 * Vectors come as columns = 1, where only the rows are padded.
 */
export function padMatrix(data: Float32Array, rows: Blocks, columns: Blocks): Float32Array {
  const isVector = columns.blocks === 1 && columns.size === 1;
  const rowStep = pad4(rows.size);
  const columnStep = isVector ? 1 : pad4(columns.size);
  if (rowStep === rows.size && columnStep === columns.size) return data;
  const width = columns.blocks * columnStep;
  const padded = new Float32Array(rows.blocks * rowStep * width);
  const sourceWidth = columns.blocks * columns.size;
  for (let block = 0; block < rows.blocks; block++) {
    for (let row = 0; row < rows.size; row++) {
      const from = (block * rows.size + row) * sourceWidth;
      const to = (block * rowStep + row) * width;
      for (let column = 0; column < columns.blocks; column++) {
        const start = from + column * columns.size;
        padded.set(data.subarray(start, start + columns.size), to + column * columnStep);
      }
    }
  }
  return padded;
}

/** How the rows and columns of a role are made of heads. Vectors have one column that is not padded. */
function blocksOf(spec: ModelSpec, role: Role, layer: number | null): { rows: Blocks; columns: Blocks } {
  const { D, H, K, F, V, embeddingSize: E = D } = spec;
  const G = layer === null ? spec.G : kvHeadsOf(spec, layer);
  const plain = (size: number): Blocks => ({ blocks: 1, size });
  const heads = (blocks: number): Blocks => ({ blocks, size: K });
  const vector = (rows: Blocks): { rows: Blocks; columns: Blocks } => ({ rows, columns: plain(1) });
  switch (expertOf(role)?.part ?? role) {
    case 'q.weight':
      return { rows: heads(H), columns: plain(D) };
    case 'k.weight':
    case 'v.weight':
      return { rows: heads(G), columns: plain(D) };
    case 'o.weight':
      return { rows: plain(D), columns: heads(H) };
    case 'gate.weight':
    case 'up.weight':
      return { rows: plain(F), columns: plain(D) };
    case 'down.weight':
      return { rows: plain(D), columns: plain(F) };
    case 'head.weight':
    case 'embed.tokens':
      return { rows: plain(V), columns: plain(E) };
    case 'embed.projection.weight':
      return { rows: plain(D), columns: plain(E) };
    case 'head.projection.weight':
      return { rows: plain(E), columns: plain(D) };
    case 'head.transform.weight':
      return { rows: plain(D), columns: plain(D) };
    case 'embed.positions':
    case 'embed.segments':
    case 'encoder.buckets':
    case 'decoder.buckets':
      throw new Error(`${role} is used on the CPU`);
    case 'router.weight':
      return { rows: plain(spec.mlp.experts?.count ?? 0), columns: plain(D) };
    case 'router.bias':
      return vector(plain(spec.mlp.experts?.count ?? 0));
    case 'q.bias':
      return vector(heads(H));
    case 'k.bias':
    case 'v.bias':
      return vector(heads(G));
    case 'q.norm.weight':
    case 'q.norm.bias':
      return vector(heads(spec.queryKeyNorm?.shared ? 1 : H));
    case 'k.norm.weight':
    case 'k.norm.bias':
      return vector(heads(spec.queryKeyNorm?.shared ? 1 : G));
    case 'sinks':
      return vector(plain(H));
    case 'gate.bias':
    case 'up.bias':
      return vector(plain(F));
    case 'head.bias':
      return vector(plain(V));
    default:
      return vector(plain(D));
  }
}
