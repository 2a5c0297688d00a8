/**
 * What a model family is, and how it finds its tensors.
 * Role: shared by the files of this folder, one a family. The list of families is index.ts.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { JsonObject } from '../../checkpoint/json';
import { GqaLensError } from '../../protocol/errors';
import type { MethodInfo } from '../../protocol/methods';
import type { GlobalNorm, GlobalRole, LayerNorm, LayerRole, Projection, WeightRef } from '../roles';
import type { LayerSpec, ModelSpec } from '../spec';
import { findPrefix, plainNames } from './tensorNames';

/** A family: config and tensor names to a ModelSpec. */
export interface ModelFamily extends MethodInfo {
  /** Whether a config is of this family. */
  match(config: JsonObject): boolean;
  /** What transformers takes for fields that the config of a part leaves out: larger models write what differs alone. */
  partDefaults?: JsonObject;
  /** Fills the spec and checks every tensor. Throws GqaLensError naming the field or tensor that does not fit. */
  spec(checkpoint: Checkpoint): ModelSpec;
}

/** What a reference says besides the tensor; `items` is how many matrices the tensor stacks, where it does. */
type RefOptions = Omit<WeightRef, 'tensor'> & { items?: number };

/** Looks tensors up under the prefix that a checkpoint uses, and checks their shapes. */
export class TensorFinder {
  private readonly prefix: string;
  /** Stored names by plain ones. */
  private readonly stored: ReadonlyMap<string, string>;

  /**
   * @param prefixes those that savers of this family put before names: `model.` for a whole model, none for a bare one
   * @param landmark a tensor that every checkpoint of the family has, without prefix
   */
  constructor(
    private readonly checkpoint: Checkpoint,
    prefixes: readonly string[],
    landmark: string,
  ) {
    this.stored = plainNames(checkpoint.tensors);
    const prefix = findPrefix(this.stored, prefixes, landmark);
    if (prefix === undefined) {
      throw this.error(
        'A tensor of the model is missing',
        landmark,
        prefixes.map((p) => p + landmark).join(' or '),
        'none',
      );
    }
    this.prefix = prefix;
  }

  /** A tensor that must be there. @param shape as [out, in] or [out], whatever the stored layout */
  ref(name: string, shape: readonly number[], options: RefOptions = {}): WeightRef {
    const ref = this.optional(name, shape, options);
    if (ref) return ref;
    throw this.error('A tensor of the model is missing', this.prefix + name, `shape ${show(shape)}`, 'no such tensor');
  }

  /** A tensor that may be absent, such as a bias; null then. Its shape must be right when it is there. */
  optional(name: string, shape: readonly number[], options: RefOptions = {}): WeightRef | null {
    return this.exact(this.prefix + name, shape, options);
  }

  /** A tensor beside the model, such as its head's, that must be there. */
  outer(name: string, shape: readonly number[]): WeightRef {
    const ref = this.beside(name, shape);
    if (ref) return ref;
    throw this.error('A tensor of the model is missing', name, `shape ${show(shape)}`, 'no such tensor');
  }

  /** A tensor beside the model, such as its head's: within the wrappers that the model is in, or outside some of them. */
  beside(name: string, shape: readonly number[]): WeightRef | null {
    for (let outside = this.prefix; ; outside = outside.replace(/[^.]+\.$/, '')) {
      const ref = this.exact(outside + name, shape);
      if (ref !== null || outside === '') return ref;
    }
  }

  private exact(plain: string, shape: readonly number[], { items, ...options }: RefOptions = {}): WeightRef | null {
    const tensor = this.stored.get(plain) ?? '';
    const info = this.checkpoint.tensors.get(tensor);
    if (!info) return null;
    const matrix = options.transposed ? shape.toReversed() : shape;
    const stored = items === undefined ? matrix : [items, ...matrix];
    if (info.shape.length !== stored.length || info.shape.some((size, axis) => size !== stored[axis])) {
      throw this.error(
        'A tensor does not fit config.json',
        tensor,
        `shape ${show(stored)}`,
        `shape ${show(info.shape)}`,
      );
    }
    return { tensor, ...options };
  }

  /** A norm outside the layers, with its bias if it has one. */
  norm(role: GlobalNorm, name: string, size: number, options: RefOptions = {}): Partial<Record<GlobalRole, WeightRef>> {
    const bias = this.optional(`${name}.bias`, [size]);
    return {
      [`${role}.norm.weight`]: this.ref(`${name}.weight`, [size], options),
      ...(bias && { [`${role}.norm.bias`]: bias }),
    };
  }

  /**
   * Refuses a layer's weight that no role stands for: the checkpoint then computes something that its family's spec does not
   * say, and would run wrong without a word. Buffers are not called weights.
   * @param list name of the list of layers
   */
  refuseUnused(list: string, layers: readonly LayerSpec[]): void {
    const used = new Set(
      layers.flatMap(({ weights, experts = [] }) =>
        [weights, ...experts].flatMap((refs) => Object.values(refs).map(({ tensor }) => tensor)),
      ),
    );
    const prefix = `${this.prefix}${list}.`;
    for (const [name, stored] of this.stored) {
      if (!name.startsWith(prefix) || !name.endsWith('.weight') || used.has(stored)) continue;
      if (Number.parseInt(name.slice(prefix.length), 10) >= layers.length) continue;
      throw new GqaLensError('checkpoint-unsupported', 'The model has a weight that its family does not use here', {
        file: this.checkpoint.tensors.get(stored)?.file ?? this.checkpoint.path,
        tensor: stored,
        next: 'A variant of the family that cannot be run yet. Its tensors and sizes can be looked at.',
      });
    }
  }

  private error(summary: string, tensor: string, expected: string, found: string): GqaLensError {
    return new GqaLensError('checkpoint-invalid', summary, {
      file: this.checkpoint.tensors.get(this.stored.get(tensor) ?? tensor)?.file ?? this.checkpoint.path,
      tensor,
      expected,
      found,
      next: 'Check that config.json and the weights belong together and that no shard is missing.',
    });
  }
}

/** The layers of a decoder-only model: causal attention and an MLP each, every head grouped. */
export function decoderLayers(
  L: number,
  layer: (index: number) => Pick<LayerSpec, 'scale' | 'weights'> & Partial<LayerSpec>,
): LayerSpec[] {
  return Array.from({ length: L }, (_, index) => ({
    stack: 'decoder',
    attention: 'causal',
    mlp: true,
    grouped: true,
    title: `layer ${index}`,
    name: String(index),
    ...layer(index),
  }));
}

/** Drops roles whose tensor is absent. */
export function present<R extends string>(refs: Record<R, WeightRef | null>): Partial<Record<R, WeightRef>> {
  const entries = Object.entries<WeightRef | null>(refs).filter(([, ref]) => ref !== null);
  return Object.fromEntries(entries) as Partial<Record<R, WeightRef>>;
}

/** Weights of a layer by role. */
export type LayerRefs = Partial<Record<LayerRole, WeightRef>>;

/** Finds the tensors of one layer. Biases are taken where the checkpoint has them. */
export class LayerTensors {
  constructor(
    private readonly tensors: TensorFinder,
    private readonly prefix: string,
  ) {}

  /** A norm with weights of this shape. */
  norm(role: LayerNorm, name: string, shape: number | readonly number[], options: RefOptions = {}): LayerRefs {
    const sizes = typeof shape === 'number' ? [shape] : shape;
    const bias = this.tensors.optional(`${this.prefix}${name}.bias`, sizes);
    return {
      [`${role}.norm.weight`]: this.tensors.ref(`${this.prefix}${name}.weight`, sizes, options),
      ...(bias && { [`${role}.norm.bias`]: bias }),
    };
  }

  /** A weight of its own, by its whole name in the layer. */
  ref(name: string, shape: readonly number[], options: RefOptions = {}): WeightRef {
    return this.tensors.ref(this.prefix + name, shape, options);
  }

  /** A projection [outputs, columns] with a tensor of its own. */
  linear(role: Projection, name: string, outputs: number, columns: number, layout: Layout = {}): LayerRefs {
    return this.fused(name, columns, { [role]: outputs }, layout);
  }

  /**
   * Projections that share a tensor.
   * @param parts their outputs, in the order in which they lie in a unit (WeightRef.outputs)
   */
  fused(
    name: string,
    columns: number,
    parts: Partial<Record<Projection, number>>,
    { units = 1, transposed = false }: Layout = {},
  ): LayerRefs {
    const roles = Object.entries(parts) as [Projection, number][];
    const total = roles.reduce((sum, [, outputs]) => sum + outputs, 0);
    const options = transposed ? { transposed } : {};
    const weight = this.tensors.ref(`${this.prefix}${name}.weight`, [total, columns], options);
    const bias = this.tensors.optional(`${this.prefix}${name}.bias`, [total]);
    if (roles.length === 1) return named(roles[0]?.[0] ?? 'q', weight, bias);
    const refs: LayerRefs = {};
    let offset = 0;
    for (const [role, count] of roles) {
      const outputs = { offset, count, ...(units === 1 ? {} : { units }) };
      Object.assign(refs, named(role, { ...weight, outputs }, bias && { ...bias, outputs }));
      offset += count / units;
    }
    return refs;
  }
}

/** How a projection is stored: Conv1D's [in, out], or in units that each hold a part of every role. */
export interface Layout {
  transposed?: boolean;
  units?: number;
}

function named(role: Projection, weight: WeightRef, bias: WeightRef | null): LayerRefs {
  return { [`${role}.weight`]: weight, ...(bias && { [`${role}.bias`]: bias }) };
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
