/**
 * A pickle machine that cannot do anything: it builds plain values and calls nothing but the functions of a given list.
 * Role: opcodes to values. Which globals there are is torchGlobals.ts. Opcodes: Python's pickletools, protocols 2 to 5, those
 * that torch.save writes; every other is refused by name. Work and memory are bounded by limits, never by the file's word.
 */
import { GqaLensError } from '../../protocol/errors';
import { refusedOpcodes } from './opcodes';
import { PickleBytes } from './pickleBytes';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleTuple,
  showValue,
  type Fail,
  type PickleValue,
} from './pickleValues';

/** Far above what a model of 100 000 tensors needs, and small enough to be refused within a second or two. */
const limits = { operations: 20_000_000, stack: 2_000_000, memo: 4_000_000, containers: 2_000_000 };

/** What a pickle is allowed to reach. */
export interface PickleWorld {
  /** Values for "module.name". */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for: a storage. */
  persistent: (id: PickleValue, fail: Fail) => PickleValue;
}

/**
 * Reads a pickle.
 * @param file for messages
 * @param entry its name within the file, for messages
 * @throws GqaLensError checkpoint-unsupported for an opcode or class outside the lists, checkpoint-invalid for damage
 */
export function unpickle(bytes: Uint8Array, world: PickleWorld, file: string, entry: string): PickleValue {
  return new Machine(bytes, world, file, entry).run();
}

class Machine {
  private readonly bytes: PickleBytes;
  private readonly stack: PickleValue[] = [];
  /** Heights of the stack where MARK stood. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private containers = 0;
  /** Where the opcode under way stands. */
  private place = 0;

  constructor(
    bytes: Uint8Array,
    private readonly world: PickleWorld,
    private readonly file: string,
    private readonly entry: string,
  ) {
    this.bytes = new PickleBytes(bytes, this.fail);
  }

  run(): PickleValue {
    for (let operations = 0; operations < limits.operations; operations++) {
      this.place = this.bytes.position;
      const code = this.bytes.uint8();
      if (code === 0x2e) return this.pop(); // STOP
      const value = this.value(code);
      if (value === undefined) this.execute(code);
      else this.stack.push(value);
      if (this.stack.length > limits.stack || this.marks.length > limits.stack)
        throw this.tooMuch('values at once', limits.stack);
    }
    throw this.tooMuch('operations', limits.operations);
  }

  /** The value that an opcode pushes; undefined: it is none of those that do nothing else. */
  private value(code: number): PickleValue | undefined {
    const { bytes } = this;
    switch (code) {
      case 0x4e: // NONE
        return null;
      case 0x88: // NEWTRUE
        return true;
      case 0x89: // NEWFALSE
        return false;
      case 0x4b: // BININT1
        return bytes.uint8();
      case 0x4d: // BININT2
        return bytes.uint16();
      case 0x4a: // BININT
        return bytes.int32();
      case 0x8a: // LONG1
        return bytes.integer(bytes.uint8());
      case 0x47: // BINFLOAT
        return bytes.float64();
      case 0x8c: // SHORT_BINUNICODE
        return bytes.text(bytes.uint8());
      case 0x58: // BINUNICODE
        return bytes.text(bytes.uint32());
      case 0x8d: // BINUNICODE8
        return bytes.text(bytes.uint64());
      case 0x43: // SHORT_BINBYTES
        return bytes.raw(bytes.uint8());
      case 0x42: // BINBYTES
        return bytes.raw(bytes.uint32());
      case 0x29: // EMPTY_TUPLE
        return this.contain(new PickleTuple([]));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.contain(new PickleTuple(this.popMany(code - 0x84)));
      case 0x74: // TUPLE
        return this.contain(new PickleTuple(this.popToMark()));
      case 0x5d: // EMPTY_LIST
        return this.contain(new PickleList());
      case 0x7d: // EMPTY_DICT
        return this.contain(new PickleDict());
      case 0x68: // BINGET
        return this.recall(bytes.uint8());
      case 0x6a: // LONG_BINGET
        return this.recall(bytes.uint32());
      case 0x63: // GLOBAL
        return this.global(bytes.line(), bytes.line());
      case 0x93: // STACK_GLOBAL
        return this.stackGlobal();
      case 0x51: // BINPERSID
        return this.contain(this.world.persistent(this.pop(), this.fail));
      case 0x52: // REDUCE
        return this.reduce();
      default:
        return undefined;
    }
  }

  /** Carries out an opcode that pushes nothing. */
  private execute(code: number): void {
    const { bytes } = this;
    switch (code) {
      case 0x80: // PROTO
        this.protocol(bytes.uint8());
        break;
      case 0x95: // FRAME: a hint for reading ahead
        bytes.uint64();
        break;
      case 0x28: // MARK
        this.marks.push(this.stack.length);
        break;
      case 0x61: // APPEND
        this.append(this.popMany(1));
        break;
      case 0x65: // APPENDS
        this.append(this.popToMark());
        break;
      case 0x73: // SETITEM
        this.setItems(this.popMany(2));
        break;
      case 0x75: // SETITEMS
        this.setItems(this.popToMark());
        break;
      case 0x71: // BINPUT
        this.remember(bytes.uint8());
        break;
      case 0x72: // LONG_BINPUT
        this.remember(bytes.uint32());
        break;
      case 0x94: // MEMOIZE
        this.remember(this.memo.size);
        break;
      case 0x62: // BUILD
        this.build();
        break;
      default:
        throw this.refused(code);
    }
  }

  private protocol(version: number): void {
    if (version < 2 || version > 5) throw this.fail('The pickle is of an unknown protocol', '2 to 5', String(version));
  }

  private append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (!(list instanceof PickleList)) throw this.fail('The pickle appends to no list', 'a list', showValue(list));
    for (const value of values) list.items.push(value);
  }

  private setItems(values: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) throw this.fail('The pickle sets items of no dict', 'a dict', showValue(dict));
    if (values.length % 2 !== 0)
      throw this.fail('The pickle is damaged', 'pairs of key and value', `${values.length} values`);
    for (let i = 0; i < values.length; i += 2) dict.entries.set(values[i] ?? null, values[i + 1] ?? null);
  }

  private stackGlobal(): PickleGlobal {
    const [module, name] = this.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.fail(
        'The pickle is damaged',
        'names of a module and a class',
        `${showValue(module)} and ${showValue(name)}`,
      );
    }
    return this.global(module, name);
  }

  private global(module: string, name: string): PickleGlobal {
    const value = this.world.globals.get(`${module}.${name}`);
    if (value) return value;
    throw new GqaLensError(
      'checkpoint-unsupported',
      'This PyTorch file asks for a class that is no part of tensors; nothing of it was executed',
      {
        file: this.file,
        expected:
          'tensors in plain dicts: storages, dtypes, collections.OrderedDict and the functions of torch._utils that rebuild tensors',
        found: `${`${module}.${name}`.slice(0, 200)} ${this.where()}`,
        next: 'Open it only if you trust its origin, in PyTorch, and save its state dict as safetensors.',
      },
    );
  }

  private reduce(): PickleValue {
    const [callable, args] = this.popMany(2);
    if (!(callable instanceof PickleGlobal) || callable.call === null) {
      throw this.fail('The pickle calls what is no function', 'a function that rebuilds tensors', showValue(callable));
    }
    if (!(args instanceof PickleTuple))
      throw this.fail('The pickle is damaged', 'a tuple of arguments', showValue(args));
    return this.contain(callable.call(args.items, this.fail));
  }

  /** Attributes of an OrderedDict, which torch.nn.Module.state_dict writes (versions of modules), are dropped. */
  private build(): void {
    this.pop();
    const target = this.top();
    if (!(target instanceof PickleDict && target.isOrdered)) {
      throw this.fail(
        'The pickle sets the state of an object',
        'state of a collections.OrderedDict only',
        showValue(target),
      );
    }
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
    if (this.memo.size > limits.memo) throw this.tooMuch('remembered values', limits.memo);
  }

  private recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) throw this.fail('The pickle is damaged', 'a value put before', `nothing under ${index}`);
    return value;
  }

  private top(): PickleValue {
    const value = this.stack.length > this.floor() ? this.stack.at(-1) : undefined;
    if (value === undefined) throw this.fail('The pickle is damaged', 'a value', 'an empty stack');
    return value;
  }

  private pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): PickleValue[] {
    if (this.stack.length - count < this.floor()) throw this.fail('The pickle is damaged', `${count} values`, 'fewer');
    return this.stack.splice(this.stack.length - count, count);
  }

  private popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.fail('The pickle is damaged', 'a mark', 'none');
    return this.stack.splice(mark);
  }

  /** Below the last mark nothing may be taken. */
  private floor(): number {
    return this.marks.at(-1) ?? 0;
  }

  private contain<T>(value: T): T {
    if (++this.containers > limits.containers) throw this.tooMuch('objects', limits.containers);
    return value;
  }

  private where(): string {
    return `at byte ${this.place} of ${this.entry}`;
  }

  private readonly fail: Fail = (summary, expected, found) =>
    new GqaLensError('checkpoint-invalid', summary, {
      file: this.file,
      expected,
      found: `${found} ${this.where()}`,
      next: 'Download it again, or convert it to safetensors in PyTorch.',
    });

  private tooMuch(what: string, limit: number): GqaLensError {
    return new GqaLensError(
      'checkpoint-invalid',
      'The pickle of this PyTorch file is too large for what it could hold',
      {
        file: this.file,
        found: `more ${what} ${this.where()}`,
        limit: `${limit} ${what}`,
        next: 'Convert it to safetensors in PyTorch, if you trust its origin.',
      },
    );
  }

  private refused(code: number): GqaLensError {
    const hex = `0x${code.toString(16).padStart(2, '0')}`;
    const name = refusedOpcodes[code];
    return new GqaLensError(
      'checkpoint-unsupported',
      'The pickle of this PyTorch file does what tensors do not need; nothing of it was executed',
      {
        file: this.file,
        expected:
          'opcodes that torch.save writes: plain values, tuples, lists, dicts, GLOBAL, REDUCE, BUILD and BINPERSID',
        found: `opcode ${name === undefined ? hex : `${name} (${hex})`} ${this.where()}`,
        next: 'Open it only if you trust its origin, in PyTorch, and save its state dict as safetensors.',
      },
    );
  }
}
