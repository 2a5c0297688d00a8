/**
 * The classes and functions that a PyTorch file may name, and what stands for them here.
 * Role: the allow-list of the pickle machine. Names and arguments: torch/_utils.py and torch/serialization.py of PyTorch 2;
 * its own weights_only loader allows the same kinds.
 */
import type { Dtype } from '../checkpoint';
import type { PickleWorld } from './pickleMachine';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleTuple,
  showValue,
  type Fail,
  type PickleValue,
} from './pickleValues';

/** Most dimensions of a tensor. */
const dimensionLimit = 16;

/** A run of numbers in an entry of the zip file: `data/KEY`. */
export class PickledStorage extends PickleObject {
  readonly title = 'a storage';
  /** @param dtype null: bytes, whose type the tensor tells */
  constructor(
    readonly key: string,
    readonly dtype: Dtype | null,
    /** Elements; bytes where there is no dtype. */
    readonly length: number,
  ) {
    super();
  }
}

/** A view into a storage. Offset and strides count elements. */
export class PickledTensor extends PickleObject {
  readonly title = 'a tensor';
  constructor(
    readonly storage: PickledStorage,
    readonly dtype: Dtype,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    super();
  }
}

class StorageType extends PickleGlobal {
  constructor(
    title: string,
    readonly dtype: Dtype | null,
  ) {
    super(title);
  }
}

class TorchDtype extends PickleGlobal {
  constructor(
    title: string,
    readonly dtype: Dtype,
  ) {
    super(title);
  }
}

const storages: Readonly<Record<string, Dtype>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
};

const dtypes: Readonly<Record<string, Dtype>> = {
  float64: 'F64',
  double: 'F64',
  float32: 'F32',
  float: 'F32',
  float16: 'F16',
  half: 'F16',
  bfloat16: 'BF16',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
  float8_e4m3fnuz: 'F8_E4M3FNUZ',
  float8_e5m2fnuz: 'F8_E5M2FNUZ',
  float8_e8m0fnu: 'F8_E8M0',
  complex64: 'C64',
  int64: 'I64',
  long: 'I64',
  int32: 'I32',
  int: 'I32',
  int16: 'I16',
  short: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

const functions: readonly PickleGlobal[] = [
  new PickleGlobal('collections.OrderedDict', (args, fail) => {
    if (args.length > 0)
      throw fail('The pickle is damaged', 'an empty OrderedDict to fill', `${args.length} arguments`);
    return new PickleDict(true);
  }),
  // Of torch.device, as of where a storage lay, nothing is kept.
  new PickleGlobal('torch.device', () => null),
  new PickleGlobal('torch.Size', ([sizes], fail) => new PickleTuple(readSizes(sizes, 'a size', fail))),
  new PickleGlobal('torch._utils._rebuild_tensor', ([storage, offset, shape, strides], fail) =>
    rebuild(storage, null, offset, shape, strides, fail),
  ),
  new PickleGlobal('torch._utils._rebuild_tensor_v2', ([storage, offset, shape, strides], fail) =>
    rebuild(storage, null, offset, shape, strides, fail),
  ),
  new PickleGlobal('torch._utils._rebuild_tensor_v3', ([storage, offset, shape, strides, , , dtype], fail) => {
    if (!(dtype instanceof TorchDtype)) throw fail('A tensor is described wrongly', 'a dtype', showValue(dtype));
    return rebuild(storage, dtype.dtype, offset, shape, strides, fail);
  }),
  ...['_rebuild_parameter', '_rebuild_parameter_with_state'].map(
    (name) =>
      new PickleGlobal(`torch._utils.${name}`, ([tensor], fail) => {
        if (!(tensor instanceof PickledTensor))
          throw fail('A parameter holds no tensor', 'a tensor', showValue(tensor));
        return tensor;
      }),
  ),
  // A tensor with attributes of its own, which are dropped: (function, class, arguments, attributes).
  new PickleGlobal('torch._tensor._rebuild_from_type_v2', ([rebuildFunction, , args], fail) => {
    const isTensors = rebuildFunction instanceof PickleGlobal && rebuildFunction.title.startsWith('torch._utils.');
    if (!isTensors || rebuildFunction.call === null || !(args instanceof PickleTuple)) {
      throw fail('A tensor is described wrongly', 'a function of torch._utils', showValue(rebuildFunction));
    }
    return rebuildFunction.call(args.items, fail);
  }),
  // Classes of tensors: named beside that function, never made.
  ...['torch.Tensor', 'torch.nn.parameter.Parameter', 'torch.nn.parameter.Buffer'].map(
    (name) => new PickleGlobal(name),
  ),
];

const named: readonly PickleGlobal[] = [
  ...functions,
  ...Object.entries(storages).map(([name, dtype]) => new StorageType(`torch.${name}`, dtype)),
  new StorageType('torch.storage.UntypedStorage', null),
  ...Object.entries(dtypes).map(([name, dtype]) => new TorchDtype(`torch.${name}`, dtype)),
];

/** What a pickle of torch.save may reach. */
export const torchWorld: PickleWorld = {
  globals: new Map(named.map((value) => [value.title, value])),
  persistent: readStorage,
};

/** ('storage', type, key, where it lay, length). A sixth item, a view's, is of the time before zip files. */
function readStorage(id: PickleValue, fail: Fail): PickledStorage {
  const [kind, type, key, , length] = id instanceof PickleTuple ? id.items : [];
  if (kind !== 'storage' || !(type instanceof StorageType) || typeof key !== 'string') {
    throw fail('A storage is described wrongly', "('storage', type, key, location, length)", showValue(id));
  }
  return new PickledStorage(key, type.dtype, readSize(length, 'the length of a storage', fail));
}

function rebuild(
  storage: PickleValue | undefined,
  dtype: Dtype | null,
  offset: PickleValue | undefined,
  shape: PickleValue | undefined,
  strides: PickleValue | undefined,
  fail: Fail,
): PickledTensor {
  if (!(storage instanceof PickledStorage)) throw fail('A tensor has no storage', 'a storage', showValue(storage));
  const type = dtype ?? storage.dtype;
  if (type === null) throw fail('A tensor is described wrongly', 'a dtype', 'a storage of bytes without one');
  const tensor = new PickledTensor(
    storage,
    type,
    readSize(offset, 'the offset of a tensor', fail),
    readSizes(shape, 'the shape of a tensor', fail),
    readSizes(strides, 'the strides of a tensor', fail),
  );
  if (tensor.strides.length !== tensor.shape.length) {
    throw fail('A tensor is described wrongly', `${tensor.shape.length} strides`, String(tensor.strides.length));
  }
  return tensor;
}

function readSizes(value: PickleValue | undefined, what: string, fail: Fail): number[] {
  if (!(value instanceof PickleTuple) || value.items.length > dimensionLimit) {
    throw fail('A tensor is described wrongly', `${what} as a tuple of at most ${dimensionLimit}`, showValue(value));
  }
  return value.items.map((size) => readSize(size, what, fail));
}

function readSize(value: PickleValue | undefined, what: string, fail: Fail): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw fail('A tensor is described wrongly', `${what} as a whole number from 0`, showValue(value));
}
