/**
 * Reads pickles: from opcodes to what a machine does that can do nothing else (pickleMachine.ts).
 * Role: the table of opcodes that are carried out: Python's pickletools, protocols 2 to 5, those that torch.save writes; every
 * other is refused by name (opcodes.ts). Which globals there are is torchGlobals.ts. Work is bounded by a limit.
 */
import { PickleMachine, type PickleWorld } from './pickleMachine';
import { PickleDict, PickleList, PickleTuple, type PickleValue } from './pickleValues';

/** Opcodes carried out: far above what a model of 100 000 tensors needs, and refused within a second or two. */
const mostOperations = 20_000_000;

/**
 * Reads a pickle.
 * @param file for messages
 * @param entry its name within the file, for messages
 * @throws GqaLensError checkpoint-unsupported for an opcode or class outside the lists, checkpoint-invalid for damage
 */
export function unpickle(bytes: Uint8Array, world: PickleWorld, file: string, entry: string): PickleValue {
  const machine = new PickleMachine(bytes, world, file, entry);
  for (let operations = 0; operations < mostOperations; operations++) {
    const code = machine.nextOpcode();
    if (code === 0x2e) return machine.pop(); // STOP
    const value = valueOf(code, machine);
    if (value === undefined) execute(code, machine);
    else machine.push(value);
    machine.checkHeight();
  }
  throw machine.tooMuch('operations', mostOperations);
}

/** The value that an opcode pushes; undefined: it is none of those that do nothing else. */
function valueOf(code: number, machine: PickleMachine): PickleValue | undefined {
  const { bytes } = machine;
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
      return machine.contain(new PickleTuple([]));
    case 0x85: // TUPLE1
    case 0x86: // TUPLE2
    case 0x87: // TUPLE3
      return machine.contain(new PickleTuple(machine.popMany(code - 0x84)));
    case 0x74: // TUPLE
      return machine.contain(new PickleTuple(machine.popToMark()));
    case 0x5d: // EMPTY_LIST
      return machine.contain(new PickleList());
    case 0x7d: // EMPTY_DICT
      return machine.contain(new PickleDict());
    case 0x68: // BINGET
      return machine.recall(bytes.uint8());
    case 0x6a: // LONG_BINGET
      return machine.recall(bytes.uint32());
    case 0x63: // GLOBAL
      return machine.global(bytes.line(), bytes.line());
    case 0x93: // STACK_GLOBAL
      return machine.stackGlobal();
    case 0x51: // BINPERSID
      return machine.persistent();
    case 0x52: // REDUCE
      return machine.reduce();
    default:
      return undefined;
  }
}

/** Carries out an opcode that pushes nothing. */
function execute(code: number, machine: PickleMachine): void {
  const { bytes } = machine;
  switch (code) {
    case 0x80: // PROTO
      machine.protocol(bytes.uint8());
      break;
    case 0x95: // FRAME: a hint for reading ahead
      bytes.uint64();
      break;
    case 0x28: // MARK
      machine.mark();
      break;
    case 0x61: // APPEND
      machine.append(machine.popMany(1));
      break;
    case 0x65: // APPENDS
      machine.append(machine.popToMark());
      break;
    case 0x73: // SETITEM
      machine.setItems(machine.popMany(2));
      break;
    case 0x75: // SETITEMS
      machine.setItems(machine.popToMark());
      break;
    case 0x71: // BINPUT
      machine.remember(bytes.uint8());
      break;
    case 0x72: // LONG_BINPUT
      machine.remember(bytes.uint32());
      break;
    case 0x94: // MEMOIZE
      machine.memoize();
      break;
    case 0x62: // BUILD
      machine.build();
      break;
    default:
      throw machine.refused(code);
  }
}
