/**
 * The tensors of a checkpoint as columns, in natural order of their names, with the roles that a model gives them.
 * Role: data for the structure editor's table. It reads no weights.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { ModelSpec } from '../model/spec';
import type { WeightRef } from '../model/roles';
import { packNames } from '../protocol/packedNames';
import type { TensorColumns, TensorKind } from '../protocol/structure';

/**
 * Columns of every tensor.
 * @param spec null where the family is not known: then no tensor has a role
 * @param shortName of a file, for people
 */
export function tensorColumns(
  checkpoint: Checkpoint,
  spec: ModelSpec | null,
  shortName: (file: string) => string,
): TensorColumns {
  const roleOfTensor = spec ? rolesByTensor(spec) : new Map<string, string>();
  const tensors = Array.from(checkpoint.tensors.values(), (info) => ({ info, key: naturalKey(info.name) }));
  tensors.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const kinds: TensorKind[] = [];
  const places = new Map<string, number>();
  const kindOf = Uint32Array.from(tensors, ({ info: { name, dtype, shape, byteLength: bytes, file } }) => {
    const role = roleOfTensor.get(name) ?? '';
    const key = JSON.stringify([dtype, shape, bytes, role, file]);
    let place = places.get(key);
    if (place === undefined) {
      place = kinds.push({ dtype, shape: [...shape], bytes, role, file: shortName(file) }) - 1;
      places.set(key, place);
    }
    return place;
  });
  return { names: packNames(tensors.map(({ info }) => info.name)), kinds, kindOf };
}

/** Numbers compare as numbers when they have the same length; 15 digits are what a double holds. */
function naturalKey(name: string): string {
  return name.replace(/\d+/g, (digits) => digits.padStart(15, '0'));
}

/** Fused tensors have several roles; of a stack of experts only the part is told. */
function rolesByTensor(spec: ModelSpec): Map<string, string> {
  const roles = new Map<string, Set<string>>();
  const add = (weights: Readonly<Partial<Record<string, WeightRef>>>, prefix = ''): void => {
    for (const [role, ref] of Object.entries(weights)) {
      if (ref === undefined) continue;
      const known = roles.get(ref.tensor) ?? new Set();
      roles.set(ref.tensor, known.add(prefix + role));
    }
  };
  add(spec.globals);
  for (const { weights, experts = [] } of spec.layers) {
    add(weights);
    for (const expert of experts) add(expert, 'expert ');
  }
  return new Map(Array.from(roles, ([tensor, names]) => [tensor, [...names].join(', ')]));
}
