/**
 * The tensors of a checkpoint as columns, in natural order of their names, with the roles that a model gives them.
 * Role: data for the structure editor's table. It reads no weights.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { ModelSpec, WeightRef } from '../model/spec';
import type { TensorColumns } from '../protocol/structure';

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
  const count = tensors.length;
  const dtypes = new Distinct<string>(count);
  const shapes = new Distinct<readonly number[]>(count);
  const roles = new Distinct<string>(count);
  const files = new Distinct<string>(count);
  const bytes = new Float64Array(count);
  const names = tensors.map(({ info }, place) => {
    dtypes.set(place, info.dtype, info.dtype);
    shapes.set(place, info.shape.join(), info.shape);
    const role = roleOfTensor.get(info.name) ?? '';
    roles.set(place, role, role);
    files.set(place, info.file, info.file);
    bytes[place] = info.byteLength;
    return info.name;
  });
  return {
    names,
    ...{ dtypes: dtypes.values, dtypeOf: dtypes.of },
    ...{ shapes: shapes.values.map((shape) => [...shape]), shapeOf: shapes.of },
    ...{ roles: roles.values, roleOf: roles.of },
    ...{ files: files.values.map(shortName), fileOf: files.of },
    bytes,
  };
}

/** Numbers compare as numbers when they have the same length; 15 digits are what a double holds. */
function naturalKey(name: string): string {
  return name.replace(/\d+/g, (digits) => digits.padStart(15, '0'));
}

/** The values of a column, each once. */
class Distinct<Value> {
  readonly values: Value[] = [];
  readonly of: Uint32Array;
  private readonly places = new Map<string, number>();

  constructor(count: number) {
    this.of = new Uint32Array(count);
  }

  set(place: number, key: string, value: Value): void {
    let known = this.places.get(key);
    if (known === undefined) {
      known = this.values.push(value) - 1;
      this.places.set(key, known);
    }
    this.of[place] = known;
  }
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
