/** Pickles that want to do something, or to use up the machine: refused by name, quickly, with nothing carried out. */
import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { torchWorld } from '../../../../src/checkpoint/pytorch/torchGlobals';
import { unpickle } from '../../../../src/checkpoint/pytorch/unpickle';
import { openCheckpoint } from '../../../../src/checkpoint/openCheckpoint';
import { GqaLensError } from '../../../../src/protocol/errors';
import { fixtures } from '../../../support/fixtures';
import {
  call,
  dict,
  global,
  integer,
  join,
  op,
  orderedDict,
  pickle,
  stateDictFile,
  text,
  torchFile,
  tuple,
} from '../../../support/pytorchFiles';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path(tmpdir(), 'gqa-lens-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Opens bytes as a file. @returns the error; null where it opened */
async function failure(bytes: Uint8Array): Promise<unknown> {
  const file = path(folder, 'x.bin');
  await writeFile(file, bytes);
  return openCheckpoint(file).then(
    async (checkpoint) => {
      await checkpoint.close();
      return null;
    },
    (error: unknown) => error,
  );
}

async function refusal(body: Uint8Array): Promise<GqaLensError> {
  const error = await failure(torchFile(body));
  if (!(error instanceof GqaLensError)) throw new Error(`expected a GqaLensError, found ${String(error)}`);
  expect(error.detail.file).toBe(path(folder, 'x.bin'));
  expect(error.detail.next).toBeTruthy();
  return error;
}

const run = (body: Uint8Array): unknown => unpickle(body, torchWorld, 'x.bin', 'data.pkl');
const short = (value: string): Uint8Array => join(op(0x8c, value.length), Buffer.from(value));
/** A shell command that would leave a file behind. */
const trace = path(tmpdir(), 'gqa-lens-executed');
const command = text(`touch ${trace}`);

describe('a pickle that asks for', () => {
  it.each<[what: string, body: Uint8Array, named: RegExp]>([
    [
      'os.system by REDUCE',
      pickle(call(global('os', 'system'), command)),
      /os\.system at byte 2 of archive\/data\.pkl/,
    ],
    ['posix.system', pickle(call(global('posix', 'system'), command)), /posix\.system/],
    ['builtins.eval', pickle(call(global('builtins', 'eval'), text('1'))), /builtins\.eval/],
    ['builtins.getattr', pickle(call(global('builtins', 'getattr'), text('a'), text('b'))), /builtins\.getattr/],
    ['subprocess.Popen', pickle(call(global('subprocess', 'Popen'), command)), /subprocess\.Popen/],
    ['a STACK_GLOBAL', pickle(short('os'), short('system'), op(0x93), tuple(command), op(0x52)), /os\.system/],
    ['a name that is kept for later', pickle(global('os', 'system'), op(0x71, 0, 0x68, 0)), /os\.system/],
    ['a dotted name', pickle(global('torch', 'storage.os.system')), /torch\.storage\.os\.system/],
    ['what objects have of themselves', pickle(global('constructor', 'constructor')), /constructor\.constructor/],
    ['a name split elsewhere', pickle(global('torch._utils._rebuild_tensor_v2', '')), /_rebuild_tensor_v2\./],
    ['torch.load again', pickle(call(global('torch', 'load'), text('x'))), /torch\.load/],
    ['an extension', pickle(op(0x82, 1)), /opcode EXT1 \(0x82\) at byte 2/],
    ['an instance by INST', pickle(op(0x28), op(0x69), Buffer.from('os\nsystem\n')), /opcode INST/],
    ['an instance by OBJ', pickle(op(0x28), orderedDict, op(0x6f)), /opcode OBJ/],
    ['an instance by NEWOBJ', pickle(global('torch', 'Size'), tuple(), op(0x81)), /opcode NEWOBJ/],
    ['a number as text', pickle(Buffer.from('L123L\n')), /opcode LONG /],
    ['an unknown opcode', pickle(op(0xff)), /opcode 0xff/],
  ])('%s is refused by name', async (_, body, named) => {
    const error = await refusal(body);
    expect(error.code).toBe('checkpoint-unsupported');
    expect(error.message).toMatch(named);
    expect(error.message).toMatch(/nothing of it was executed/);
  });

  it.each<[what: string, body: Uint8Array, message: RegExp]>([
    [
      'the state of a class',
      pickle(global('torch', 'Size'), dict({ __setstate__: op(0x4e) }), op(0x62)),
      /state.*torch\.Size/,
    ],
    ['the state of a dict', pickle(dict({}), dict({}), op(0x62)), /state.*a dict of 0/],
    ['a call of a dtype', pickle(call(global('torch', 'float32'))), /no function.*torch\.float32/],
    ['a call of text', pickle(call(text('os.system'), command)), /no function.*"os\.system"/],
    ['a call without a tuple', pickle(global('torch', 'Size'), op(0x4e), op(0x52)), /tuple of arguments.*null/],
    ['a filled OrderedDict', pickle(call(global('collections', 'OrderedDict'), tuple())), /empty OrderedDict/],
    [
      'a call within a call',
      pickle(call(global('torch._tensor', '_rebuild_from_type_v2'), global('torch', 'device'), op(0x4e), tuple())),
      /function of torch\._utils.*torch\.device/,
    ],
    ['a parameter of itself', pickle(call(global('torch._utils', '_rebuild_parameter'), dict({}))), /holds no tensor/],
    ['a storage by text', pickle(text('/etc/passwd'), op(0x51)), /storage is described wrongly.*passwd/],
    ['a list of a dict', pickle(dict({}), op(0x4e), op(0x61)), /appends to no list/],
    ['items of a list', pickle(op(0x5d, 0x4e, 0x4e, 0x73)), /no dict.*a list of 0/],
    ['half a pair', pickle(op(0x7d, 0x28, 0x4e, 0x75)), /pairs of key and value/],
    ['a value from nowhere', pickle(op(0x68, 9)), /nothing under 9/],
    ['a mark from nowhere', pickle(op(0x74)), /expected a mark/],
    ['values below a mark', pickle(op(0x4e, 0x4e, 0x28, 0x86)), /2 values.*fewer/],
    ['nothing', pickle(), /an empty stack/],
    ['protocol 0', Uint8Array.of(0x80, 0, 0x2e), /2 to 5.*found 0/],
    ['no end', op(0x80, 2, 0x4e), /truncated/],
    ['a huge BINUNICODE', pickle(op(0x58, 0xff, 0xff, 0xff, 0xff)), /truncated.*4294967295 more bytes/],
    ['a huge BINUNICODE8', pickle(op(0x8d, ...Array.from({ length: 8 }, () => 255))), /truncated/],
    ['a huge LONG1', pickle(op(0x8a, 255), new Uint8Array(255)), /too long a number.*255 bytes/],
    ['text that is not UTF-8', pickle(op(0x58, 1, 0, 0, 0, 0xff)), /UTF-8/],
    ['a name without end', pickle(op(0x63), Buffer.alloc(5000, 'a')), /too long a name/],
  ])('%s is refused', async (_, body, message) => {
    const error = await refusal(body);
    expect(error.code).toBe('checkpoint-invalid');
    expect(error.message).toMatch(message);
  });

  it('leaves no trace', () => {
    expect(existsSync(trace)).toBe(false);
  });
});

describe('a pickle that would use up the machine', () => {
  it.each<[what: string, body: Uint8Array]>([
    ['deep nesting of tuples', pickle(op(0x29), Buffer.alloc(3_000_000, 0x85))],
    ['deep marks', pickle(Buffer.alloc(3_000_000, 0x28))],
    ['values that nobody takes', pickle(Buffer.alloc(3_000_000, 0x4e))],
    ['dicts that nobody takes', pickle(Buffer.alloc(3_000_000, 0x7d))],
    ['memos without end', pickle(op(0x4e), Buffer.alloc(5_000_000, 0x94))],
    ['operations without end', pickle(op(0x4e), Buffer.alloc(2 * 20_000_000, Buffer.of(0x71, 0)))],
  ])('with %s is refused in time', (_, body) => {
    const start = performance.now();
    expect(() => run(body)).toThrow(/too large/);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('by doubling through the memo costs what its bytes cost', () => {
    // Each tuple holds the one before it twice: 2^1000 values, were they walked through.
    const doubling = Array.from({ length: 200 }, (_, i) => op(0x71, i, 0x68, i, 0x86));
    expect(() => run(pickle(op(0x29), ...doubling))).not.toThrow();
  });

  it('by containing itself is told like any other', async () => {
    const cycle = join(op(0x7d, 0x71, 0), text('model'), op(0x68, 0, 0x73));
    expect((await refusal(pickle(cycle))).message).toMatch(/a dict of 1 under model\.model\.model/);
    const list = pickle(op(0x5d, 0x71, 0, 0x68, 0, 0x61));
    expect((await refusal(list)).message).toMatch(/a list of 1/);
  });
});

describe('any bytes', () => {
  const valid = stateDictFile(
    { a: { storage: 'torch.FloatStorage', key: '0', length: 4, shape: [2, 2] } },
    { 0: new Uint8Array(16) },
    { zip64: true },
  );
  const acceptable = (error: unknown): boolean => error === null || error instanceof GqaLensError;

  it('as a pickle are read or refused', () => {
    const opcodes = Buffer.from('()NKMJGXCB]}aesutqrhjcQRb.');
    const code = fc.constantFrom(...opcodes, 0x80, 0x85, 0x86, 0x87, 0x88, 0x8a, 0x8c, 0x93, 0x94, 0x95);
    const part = fc.oneof(
      code.map((byte) => op(byte)),
      fc.uint8Array({ maxLength: 6 }),
      fc.constantFrom(orderedDict, integer(1), text('storage'), global('torch', 'FloatStorage'), tuple(integer(2))),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        try {
          run(pickle(...parts));
        } catch (error) {
          if (!(error instanceof GqaLensError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('as a file are opened or refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await failure(join(Buffer.from('PK'), bytes))).toBeInstanceOf(GqaLensError);
      }),
      { numRuns: 100 },
    );
  });

  it.each<[what: string, file: () => Promise<Buffer>, runs: number]>([
    ['a small file', () => Promise.resolve(valid), 400],
    ['a file of torch', () => readFile(path(fixtures, 'opt/pytorch_model.bin')), 60],
  ])('changed in %s are opened or refused', async (_, read, runs) => {
    const original = await read();
    // Where it hurts: the pickle at the beginning and the directory at the end.
    const position = fc.oneof(
      fc.nat(Math.min(6000, original.length - 1)),
      fc.nat(800).map((back) => original.length - 1 - back),
    );
    const change = fc.record({ position, value: fc.oneof(fc.constantFrom(0, 255), fc.nat(255)) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.option(fc.nat(original.length)),
        async (changes, cut) => {
          const bytes = Buffer.from(original);
          for (const { position: at, value } of changes) bytes[Math.max(0, at)] = value;
          const error = await failure(cut === null ? bytes : bytes.subarray(0, cut));
          if (!acceptable(error)) throw error;
        },
      ),
      { numRuns: runs },
    );
  });
});
