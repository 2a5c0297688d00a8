/**
 * From the tensors of a GGUF file, under llama.cpp's names, to those of transformers.
 * Role: applies an architecture's table. Reading numbers in their new order is ggufCheckpoint.ts.
 */
import type { TensorInfo } from '../checkpoint';
import type { Architecture, Described, TensorName, TensorNames } from './architectures/architecture';
import { rotaryTensors } from './config';
import { invalidGguf } from './headerBytes';
import type { RowOrder } from './rowOrder';

/** Most experts that one tensor is divided into: more is a damaged header. */
const expertLimit = 4096;

/** How a tensor's numbers are made from the stored ones. */
export interface Derivation {
  rows?: RowOrder;
  plus?: number;
  transposed?: boolean;
}

export interface NamedTensors {
  tensors: Map<string, TensorInfo>;
  /** By name; absent: as stored. */
  derivations: Map<string, Derivation>;
}

/**
 * Names tensors as the architecture's family does. Those that its table does not know keep their own name, in layers after the
 * family's prefix, where a family refuses weights that it does not use.
 * @throws GqaLensError when two get the same name, or a row order does not fit
 */
export function nameTensors(
  stored: readonly TensorInfo[],
  architecture: Architecture,
  described: Described,
): NamedTensors {
  const layer = typeof architecture.layer === 'function' ? architecture.layer(described) : architecture.layer;
  const named: NamedTensors = { tensors: new Map(), derivations: new Map() };
  const isSetting = new Set<string>(Object.values(rotaryTensors));
  for (const info of stored) {
    if (isSetting.has(info.name)) continue;
    const inLayer = /^blk\.(\d+)\.(.+)\.(weight|bias)$/.exec(info.name);
    const outside = /^(.+)\.(weight|bias)$/.exec(info.name);
    const [, number = '', own = '', kind = ''] = inLayer ?? [];
    if (inLayer) {
      const target = find(layer, own) ?? { name: own };
      place(named, info, { ...target, name: `${architecture.list}${number}.${target.name}.${kind}` }, described);
    } else {
      const target = outside && find(architecture.globals, outside[1] ?? '');
      place(named, info, target ? { ...target, name: `${target.name}.${outside[2]}` } : { name: info.name }, described);
    }
  }
  return named;
}

function find(names: TensorNames, own: string): TensorName | null {
  if (!Object.hasOwn(names, own)) return null;
  const found = names[own];
  return typeof found === 'string' ? { name: found } : (found ?? null);
}

function place(named: NamedTensors, info: TensorInfo, target: TensorName, { sizes }: Described): void {
  const { name, stacked } = target;
  const [count = 0, ...rest] = info.shape;
  if (stacked && count > 0 && count <= expertLimit) {
    const byteLength = info.byteLength / count;
    for (let expert = 0; expert < count; expert++) {
      const byteOffset = info.byteOffset + expert * byteLength;
      add(named, info, { ...info, name: name.replace('#', String(expert)), shape: rest, byteOffset, byteLength }, {});
    }
    return;
  }
  const isWeight = name.endsWith('.weight');
  const rows = target.rows?.(sizes);
  if (rows && !rows.fits(info.shape[0] ?? 1)) {
    throw invalidGguf('A tensor does not fit the metadata', {
      file: info.file,
      tensor: info.name,
      expected: `rows for ${sizes.H} query heads and ${sizes.G} KV heads of ${sizes.K}`,
      found: `shape [${info.shape.join(', ')}]`,
    });
  }
  const derivation: Derivation = {
    ...(rows && { rows }),
    ...(target.plus !== undefined && isWeight && { plus: target.plus }),
    ...(target.transposed && info.shape.length === 2 && { transposed: true }),
  };
  add(named, info, { ...info, name, shape: derivation.transposed ? info.shape.toReversed() : info.shape }, derivation);
}

function add(
  { tensors, derivations }: NamedTensors,
  stored: TensorInfo,
  info: TensorInfo,
  derivation: Derivation,
): void {
  if (tensors.has(info.name)) {
    throw invalidGguf('Two tensors stand for the same weight', {
      file: stored.file,
      tensor: stored.name,
      expected: `${info.name} once`,
      found: 'it twice',
    });
  }
  const isDerived = Object.keys(derivation).length > 0;
  tensors.set(info.name, isDerived ? { ...info, derived: true } : info);
  if (isDerived) derivations.set(info.name, derivation);
}
