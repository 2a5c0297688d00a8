/** PyTorch files: those that torch wrote against their safetensors, and every layout made by hand. */
import { Buffer } from 'node:buffer';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Checkpoint } from '../../../../src/checkpoint/checkpoint';
import { encodeFloat32 } from '../../../../src/checkpoint/dtypes';
import { openCheckpoint } from '../../../../src/checkpoint/openCheckpoint';
import type { GqaLensError } from '../../../../src/protocol/errors';
import { dict, orderedDict, pickle, stateDictFile, tensor, torchFile } from '../../../support/pytorchFiles';
import { fixtures } from '../../../support/fixtures';
import { refusalOf } from '../refusalOf';
import { temporaryFolder } from '../temporaryFolder';

async function open(path: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(path);
  onTestFinished(() => checkpoint.close());
  return checkpoint;
}

async function openBytes(bytes: Uint8Array, name = 'x.pt'): Promise<Checkpoint> {
  const file = join(await temporaryFolder(), name);
  await writeFile(file, bytes);
  return open(file);
}

const refusal = (bytes: Uint8Array): Promise<GqaLensError> => refusalOf('x.bin', bytes);

const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const six = floats(1, 2, 3, 4, 5, 6);
const float = { storage: 'torch.FloatStorage', key: '0', length: 6 };

describe.each(['gpt2', 'opt'])('pytorch_model.bin of %s', (name) => {
  it('holds the tensors of its safetensors, bit for bit', async () => {
    const folder = await temporaryFolder();
    for (const file of ['config.json', 'pytorch_model.bin']) {
      await copyFile(join(fixtures, name, file), join(folder, file));
    }
    const pickled = await open(folder);
    const plain = await open(join(fixtures, name));
    expect(pickled.config).toEqual(plain.config);
    for (const [tensorName, { dtype, shape }] of plain.tensors) {
      expect(pickled.tensors.get(tensorName), tensorName).toMatchObject({ dtype, shape });
      expect(Buffer.compare(await pickled.readBytes(tensorName), await plain.readBytes(tensorName)), tensorName).toBe(
        0,
      );
    }
    // What torch stores besides is the head that shares the embedding's storage.
    const others = [...pickled.tensors.keys()].filter((key) => !plain.tensors.has(key));
    for (const other of others) {
      const { file, byteOffset } = pickled.tensors.get(other) ?? {};
      const same = [...plain.tensors.keys()].filter((key) => pickled.tensors.get(key)?.byteOffset === byteOffset);
      expect([other, same.length, file]).toEqual(['lm_head.weight', 1, join(folder, 'pytorch_model.bin')]);
    }
  });
});

describe('a folder', () => {
  it('that holds both formats is read from its safetensors', async () => {
    const checkpoint = await open(join(fixtures, 'gpt2'));
    expect([...checkpoint.tensors.values()].every(({ file }) => file.endsWith('model.safetensors'))).toBe(true);
  });

  it('of shards is read through its index and through a shard', async () => {
    const folder = join(await temporaryFolder(), 'sharded');
    await mkdir(folder);
    const shard = (i: number): string => `pytorch_model-0000${i}-of-00002.bin`;
    const half = (name: string, ...values: readonly number[]): Uint8Array =>
      stateDictFile({ [name]: { ...float, length: values.length, shape: [values.length] } }, { 0: floats(...values) });
    await writeFile(join(folder, 'config.json'), '{}');
    await writeFile(join(folder, shard(1)), half('a', 1, 2));
    await writeFile(join(folder, shard(2)), half('b', 3));
    const index = join(folder, 'pytorch_model.bin.index.json');
    await writeFile(index, JSON.stringify({ weight_map: { a: shard(1), b: shard(2) } }));
    for (const path of [folder, index, join(folder, shard(2))]) {
      const checkpoint = await open(path);
      expect([...(await checkpoint.readFloat32('a')), ...(await checkpoint.readFloat32('b'))], path).toEqual([1, 2, 3]);
    }
  });
});

describe('a file', () => {
  it.each([
    ['zip64 records', { zip64: true }],
    ['no padding', { alignment: 1 }],
    ['no byte order', { byteorder: null }],
    ['another name inside', { folder: 'pytorch_model' }],
  ])('with %s is read', async (_, options) => {
    const checkpoint = await openBytes(stateDictFile({ t: { ...float, shape: [2, 3] } }, { 0: six }, options));
    expect(await checkpoint.readFloat32('t')).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(checkpoint.config).toEqual({});
    expect(checkpoint.notes).toEqual([]);
  });

  it.each([
    ['torch.DoubleStorage', new Uint8Array(Float64Array.of(1.5).buffer), 'F64'],
    ['torch.HalfStorage', Uint8Array.of(0x00, 0x3e), 'F16'],
    ['torch.BFloat16Storage', Uint8Array.of(0xc0, 0x3f), 'BF16'],
  ])('reads %s', async (type, bytes, dtype) => {
    const info = { storage: type, key: 'k', length: 1, shape: [1, 1] };
    const checkpoint = await openBytes(stateDictFile({ t: info }, { k: bytes }));
    expect(checkpoint.tensors.get('t')?.dtype).toBe(dtype);
    expect([...(await checkpoint.readFloat32('t'))]).toEqual([1.5]);
  });

  it.each([
    ['LongStorage', 8, 'I64'],
    ['IntStorage', 4, 'I32'],
    ['ShortStorage', 2, 'I16'],
    ['CharStorage', 1, 'I8'],
    ['ByteStorage', 1, 'U8'],
    ['BoolStorage', 1, 'BOOL'],
    ['ComplexFloatStorage', 8, 'C64'],
  ])('knows torch.%s', async (type, bytes, dtype) => {
    const info = { storage: `torch.${type}`, key: '0', length: 1, shape: [] };
    const checkpoint = await openBytes(stateDictFile({ t: info }, { 0: new Uint8Array(bytes) }));
    expect(checkpoint.tensors.get('t')).toMatchObject({ dtype, byteLength: bytes });
  });

  it('may hold views of one storage, parameters, untyped storages and empty tensors', async () => {
    const checkpoint = await openBytes(
      stateDictFile(
        {
          whole: { ...float, shape: [6] },
          marked: { ...float, shape: [6], attributes: true },
          tied: { ...float, shape: [2, 3], parameter: true },
          tail: { ...float, shape: [2, 1], strides: [1, 77], offset: 4 },
          typed: {
            storage: 'torch.storage.UntypedStorage',
            key: '0',
            length: 24,
            dtype: 'float32',
            offset: 1,
            shape: [2],
          },
          empty: { ...float, key: 'none', length: 0, shape: [0, 3] },
        },
        { 0: six },
      ),
    );
    expect([...(await checkpoint.readFloat32('marked'))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await checkpoint.readFloat32('tied'))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await checkpoint.readFloat32('tail'))]).toEqual([5, 6]);
    expect([...(await checkpoint.readFloat32('typed'))]).toEqual([2, 3]);
    expect([...(await checkpoint.readFloat32('empty'))]).toEqual([]);
    expect(await checkpoint.readBytes('whole', { start: 1, end: 3 })).toEqual(six.subarray(4, 12));
  });

  it('may hold views of any strides', async () => {
    const shapeOf = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    const view = shapeOf.chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        strides: fc.array(fc.nat(6), { minLength: shape.length, maxLength: shape.length }),
        offset: fc.nat(5),
        range: fc.tuple(fc.nat(300), fc.nat(300)),
        isHalf: fc.boolean(),
      }),
    );
    const views = await temporaryFolder();
    const numbers = Float32Array.from({ length: 80 }, (_, i) => i);
    const halves = encodeFloat32('F16', numbers);
    await fc.assert(
      fc.asyncProperty(view, async ({ shape, strides, offset, range, isHalf }) => {
        const type = isHalf ? 'torch.HalfStorage' : 'torch.FloatStorage';
        const info = { storage: type, key: '0', length: 80, shape, strides, offset };
        const bytes = stateDictFile({ t: info }, { 0: isHalf ? halves : new Uint8Array(numbers.buffer) });
        const file = join(views, 'x.pt');
        await writeFile(file, bytes);
        const checkpoint = await openCheckpoint(file);
        // As numpy walks through it: the last axis first.
        const expected = shape.reduce(
          (places, size, axis) =>
            places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * (strides[axis] ?? 0))),
          [offset],
        );
        expect([...(await checkpoint.readFloat32('t'))]).toEqual(expected);
        const [start, end] = range.map((at) => at % (expected.length + 1)).sort((a, b) => a - b);
        const part = { start: start ?? 0, end: end ?? 0 };
        expect([...(await checkpoint.readFloat32('t', part))]).toEqual(expected.slice(part.start, part.end));
        await checkpoint.close();
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['state_dict', ['state_dict']],
    ['model', ['model']],
    ['model, then state_dict', ['model', 'state_dict']],
  ])('may keep its tensors under %s, which is told', async (_, path) => {
    const inner = dict({ t: tensor({ ...float, shape: [6] }) }, orderedDict);
    const whole = path.reduceRight((value, key) => dict({ epoch: Uint8Array.of(0x4b, 3), [key]: value }), inner);
    const checkpoint = await openBytes(torchFile(pickle(whole), { 0: six }));
    expect([...checkpoint.tensors.keys()]).toEqual(['t']);
    expect(checkpoint.notes?.[0]).toContain(path.join('.'));
  });

  const shaped = (shape: readonly number[], more: object = {}): Uint8Array =>
    stateDictFile({ t: { ...float, shape, ...more } }, { 0: six });
  it.each<[what: string, bytes: () => Uint8Array, message: RegExp]>([
    ['more than its storage holds', () => shaped([7]), /tensor t.*within 24 bytes.*\[7\] from element 0/],
    ['past the end of its storage', () => shaped([3], { offset: 4 }), /tensor t.*within 24 bytes/],
    ['strides past the end', () => shaped([2, 2], { strides: [5, 1] }), /tensor t.*within 24 bytes/],
    ['a storage of another size', () => shaped([6], { length: 7 }), /tensor t.*28 bytes in archive\/data\/0.*24 bytes/],
    ['a storage that is not there', () => shaped([6], { key: '../0' }), /no such entry/],
    ['too many dimensions', () => shaped(Array.from({ length: 17 }, () => 1)), /at most 16/],
    ['an absurd size', () => shaped([2 ** 52, 2 ** 52]), /within 24 bytes/],
    [
      'a storage repeated without end',
      () => shaped([2 ** 30, 6], { strides: [0, 1] }),
      /at most 67108864 bytes that repeat/,
    ],
    ['a negative size', () => shaped([-1]), /whole number from 0/],
    ['fewer strides than sizes', () => shaped([6, 1], { strides: [1] }), /2 strides/],
    ['an unknown storage', () => shaped([6], { storage: 'torch.QInt8Storage' }), /torch\.QInt8Storage/],
    ['big-endian numbers', () => stateDictFile({}, {}, { byteorder: 'big' }), /little-endian.*"big"/],
    ['no tensors', () => stateDictFile({}, {}), /an empty dict/],
    ['no dict', () => torchFile(pickle(Uint8Array.of(0x4e))), /found null/],
    ['two state dicts', () => torchFile(pickle(dict({ model: dict({}), module: dict({}) }))), /model and module/],
    [
      'a compressed entry',
      () => torchFile(pickle(dict({})), {}, { more: [{ name: 'archive/data/9', bytes: six, method: 8 }] }),
      /archive\/data\/9, compressed by method 8/,
    ],
    [
      'an encrypted entry',
      () => torchFile(pickle(dict({})), {}, { more: [{ name: 'archive/data/9', bytes: six, flags: 1 }] }),
      /encrypted|mismatch/,
    ],
    [
      'an entry twice',
      () => torchFile(pickle(dict({})), {}, { more: [{ name: 'archive/data.pkl', bytes: six }] }),
      /archive\/data\.pkl twice/,
    ],
    [
      'a TorchScript program',
      () => torchFile(pickle(dict({})), {}, { more: [{ name: 'archive/constants.pkl', bytes: six }] }),
      /TorchScript/,
    ],
    ['the format before 1.6', () => Buffer.from('80028a0a6cfc9c46f9206aa8501900', 'hex'), /before 1\.6/],
    ['a bare pickle', () => pickle(dict({})), /a bare pickle/],
    ['nothing', () => new Uint8Array(), /an empty file/],
    ['a zip file that is cut', () => shaped([6]).subarray(0, 300), /zip container.*damaged/],
    ['an LFS pointer', () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid x\n'), /git lfs pull/],
  ])('with %s is refused', async (_, bytes, message) => {
    expect((await refusal(bytes())).message).toMatch(message);
  });

  it('whose entries share bytes is refused', async () => {
    const bytes = stateDictFile({ t: { ...float, shape: [6] } }, { 0: six, 1: six });
    // The directory's last-but-one record (data/1) points to the local header of data/0.
    const name = Buffer.from('archive/data/1');
    const record = bytes.lastIndexOf(name) - 46;
    bytes.writeUInt32LE(bytes.indexOf('archive/data/0') - 30, record + 42);
    expect((await refusal(bytes)).message).toMatch(/apart from each other/);
  });
});

it('the fixtures are in the format that the tests write by hand', async () => {
  const bytes = await readFile(join(fixtures, 'gpt2/pytorch_model.bin'));
  expect(bytes.includes('pytorch_model/data.pkl')).toBe(true);
  expect(bytes.includes('_rebuild_tensor_v2')).toBe(true);
});
