/**
 * A pickle machine that cannot do anything: it builds plain values and calls nothing but the functions of a given list.
 * Role: stack, marks and memo, and what opcodes do to them. Which opcode does what is unpickle.ts. Memory is bounded by limits,
 * never by the file's word.
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

/** Far above what a model of 100 000 tensors needs. */
const limits = { stack: 2_000_000, memo: 4_000_000, containers: 2_000_000 };

/** What a pickle is allowed to reach. */
export interface PickleWorld {
  /** Values for "module.name". */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for: a storage. */
  persistent: (id: PickleValue, fail: Fail) => PickleValue;
}

/**
 * Its functions throw GqaLensError: checkpoint-invalid for damage and for too much, checkpoint-unsupported for what is
 * refused.
 */
export class PickleMachine {
  readonly bytes: PickleBytes;
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

  /** Goes on to the next opcode, where messages are then said to be. */
  nextOpcode(): number {
    this.place = this.bytes.position;
    return this.bytes.uint8();
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  /** To be asked after every opcode. */
  checkHeight(): void {
    if (this.stack.length > limits.stack || this.marks.length > limits.stack)
      throw this.tooMuch('values at once', limits.stack);
  }

  protocol(version: number): void {
    if (version < 2 || version > 5) throw this.fail('The pickle is of an unknown protocol', '2 to 5', String(version));
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (!(list instanceof PickleList)) throw this.fail('The pickle appends to no list', 'a list', showValue(list));
    for (const value of values) list.items.push(value);
  }

  setItems(values: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) throw this.fail('The pickle sets items of no dict', 'a dict', showValue(dict));
    if (values.length % 2 !== 0)
      throw this.fail('The pickle is damaged', 'pairs of key and value', `${values.length} values`);
    for (let i = 0; i < values.length; i += 2) dict.entries.set(values[i] ?? null, values[i + 1] ?? null);
  }

  stackGlobal(): PickleGlobal {
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

  global(module: string, name: string): PickleGlobal {
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

  reduce(): PickleValue {
    const [callable, args] = this.popMany(2);
    if (!(callable instanceof PickleGlobal) || callable.call === null) {
      throw this.fail('The pickle calls what is no function', 'a function that rebuilds tensors', showValue(callable));
    }
    if (!(args instanceof PickleTuple))
      throw this.fail('The pickle is damaged', 'a tuple of arguments', showValue(args));
    return this.contain(callable.call(args.items, this.fail));
  }

  /** What a persistent id stands for. */
  persistent(): PickleValue {
    return this.contain(this.world.persistent(this.pop(), this.fail));
  }

  /** Attributes of an OrderedDict, which torch.nn.Module.state_dict writes (versions of modules), are dropped. */
  build(): void {
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

  /** Remembers the value on top under the next number. */
  memoize(): void {
    this.remember(this.memo.size);
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
    if (this.memo.size > limits.memo) throw this.tooMuch('remembered values', limits.memo);
  }

  recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) throw this.fail('The pickle is damaged', 'a value put before', `nothing under ${index}`);
    return value;
  }

  private top(): PickleValue {
    const value = this.stack.length > this.floor() ? this.stack.at(-1) : undefined;
    if (value === undefined) throw this.fail('The pickle is damaged', 'a value', 'an empty stack');
    return value;
  }

  pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  popMany(count: number): PickleValue[] {
    if (this.stack.length - count < this.floor()) throw this.fail('The pickle is damaged', `${count} values`, 'fewer');
    return this.stack.splice(this.stack.length - count, count);
  }

  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.fail('The pickle is damaged', 'a mark', 'none');
    return this.stack.splice(mark);
  }

  /** Below the last mark nothing may be taken. */
  private floor(): number {
    return this.marks.at(-1) ?? 0;
  }

  contain<T>(value: T): T {
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

  tooMuch(what: string, limit: number): GqaLensError {
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

  refused(code: number): GqaLensError {
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
