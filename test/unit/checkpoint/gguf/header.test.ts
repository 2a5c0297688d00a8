/** GGUF headers: both versions are read, and those that lie are refused with what was expected and found. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileRanges } from '../../../../src/checkpoint/fileRanges';
import { readGgufHeader, type GgufHeader } from '../../../../src/checkpoint/gguf/header';
import { openCheckpoint } from '../../../../src/checkpoint/openCheckpoint';
import { GqaLensError } from '../../../../src/protocol/errors';
import { Bytes, float32Tensor, ggufBytes, kinds, pairsOf, type FileOfTensors } from '../../../support/gguf/writer';
import { temporaryFolder } from '../temporaryFolder';

async function read(bytes: Uint8Array): Promise<GgufHeader> {
  const file = join(await temporaryFolder(), 'x.gguf');
  await writeFile(file, bytes);
  const files = new FileRanges();
  try {
    return await readGgufHeader(files, file);
  } finally {
    await files.close();
  }
}

async function failure(bytes: Uint8Array): Promise<GqaLensError> {
  const error: unknown = await read(bytes).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GqaLensError)) throw new Error(`expected a GqaLensError, found ${String(error)}`);
  expect(error.detail.file).toMatch(/x\.gguf$/);
  expect(error.detail.next).toBeTruthy();
  return error;
}

const a = float32Tensor('a', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
const b = float32Tensor('b', [1], Float32Array.of(7));
const file = (parts: FileOfTensors): Uint8Array => ggufBytes({ tensors: [a, b], ...parts });

describe('a right header', () => {
  it.each([2, 3])('of version %i tells metadata and tensors', async (version) => {
    const values = { text: 'Æ漢', whole: -3, epsilon: 1e-5, flag: true, texts: ['x', ''], numbers: [1, 2] };
    const other = { key: 'big', kind: 'uint64' as const, value: 2n ** 63n };
    const { metadata, tensors } = await read(file({ version, pairs: [...pairsOf(values), other] }));
    expect(Object.fromEntries(metadata)).toEqual({ ...values, big: 2n ** 63n });
    expect(tensors.map(({ name, dtype, shape, byteLength }) => ({ name, dtype, shape, byteLength }))).toEqual([
      { name: 'a', dtype: 'F32', shape: [2, 3], byteLength: 24 },
      { name: 'b', dtype: 'F32', shape: [1], byteLength: 4 },
    ]);
    expect(tensors.map(({ byteOffset }) => byteOffset % 32)).toEqual([0, 0]);
  });

  it('may have an alignment of its own', async () => {
    const bytes = file({ alignment: 256, pairs: [{ key: 'general.alignment', kind: 'uint32', value: 256 }] });
    expect((await read(bytes)).tensors.map(({ byteOffset }) => byteOffset % 256)).toEqual([0, 0]);
  });

  it('may be longer than what is read at once', async () => {
    const texts = Array.from({ length: 100_000 }, (_, index) => `token number ${index}`);
    const { metadata } = await read(file({ pairs: pairsOf({ texts }) }));
    expect(metadata.get('texts')).toEqual(texts);
  });
});

describe('a wrong header', () => {
  const pair = (bytes: Bytes): Uint8Array => {
    const start = new Bytes().bytes(new TextEncoder().encode('GGUF')).scalar('uint32', 3);
    const counted = start.scalar('uint64', 0).scalar('uint64', 1).text('key').bytes(bytes.joined());
    return counted.bytes(new Uint8Array(4096)).joined();
  };
  const list = (kind: number, count: bigint): Uint8Array => {
    return pair(new Bytes().scalar('uint32', kinds.array).scalar('uint32', kind).scalar('uint64', count));
  };
  const nested = (): Uint8Array => {
    const bytes = new Bytes().scalar('uint32', kinds.array);
    for (let depth = 0; depth < 60; depth++) bytes.scalar('uint32', kinds.array).scalar('uint64', 1);
    return pair(bytes);
  };
  const cases: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ['is too short', new Uint8Array(9), /24 bytes or more; found 9 bytes/],
    ['has another magic', new Uint8Array(64), /begins with "GGUF"/],
    ['is a Git LFS pointer', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'), /git lfs pull/],
    ['is of version 1', file({ version: 1 }), /version 2 or 3, little-endian; found version 1/],
    ['is big-endian', file({ version: 3 << 24 }), /found version 3, big-endian/],
    ['counts tensors that cannot be', file({ counts: { tensors: 2n ** 40n } }), /found 1099511627776 tensors/],
    ['counts pairs that cannot be', file({ counts: { pairs: 2n ** 64n - 1n } }), /number of metadata pairs below/],
    ['names a key twice', file({ pairs: [...pairsOf({ k: 1 }), ...pairsOf({ k: 2 })] }), /"k" twice/],
    ['names a tensor twice', file({ tensors: [a, a] }), /"a" twice/],
    ['has a key that is no text', pair(new Bytes().scalar('uint32', 99)), /found type 99/],
    ['has a list beyond the file', list(kinds.uint8, 2n ** 40n), /found 1099511627776 elements/],
    ['has a list of an unknown kind', list(77, 1n), /found type 77/],
    ['has lists in lists without end', nested(), /at most 3 levels/],
    [
      'has a text beyond the file',
      pair(new Bytes().scalar('uint32', kinds.string).scalar('uint64', 5000)),
      /5000 bytes/,
    ],
    ['has a text that is too long', pair(new Bytes().scalar('uint32', 8).scalar('uint64', 2 ** 40)), /limit 16777216/],
    ['has an alignment of 0', file({ pairs: pairsOf({ 'general.alignment': 0 }) }), /a power of 2/],
    ['has an odd alignment', file({ pairs: pairsOf({ 'general.alignment': 24 }) }), /a power of 2/],
    ['has a tensor of 5 dimensions', file({ tensors: [{ ...a, dimensions: [1, 1, 1, 1, 6] }] }), /at most 4/],
    ['has a tensor beyond numbers', file({ tensors: [{ ...a, dimensions: [2 ** 31, 2 ** 31] }] }), /at most 9007/],
    ['has a tensor beyond the file', file({ tensors: [{ ...a, dimensions: [6, 1000] }] }), /within the file/],
    [
      'has a tensor with half a block',
      file({ tensors: [{ ...a, type: 2 }] }),
      /whole blocks of 32 for Q4_0; found rows of 3/,
    ],
    ['has a tensor of an unknown type', file({ tensors: [{ ...a, type: 4711 }] }), /found ggml type 4711/],
    ['has an offset off the alignment', file({ tensors: [a, { ...b, offset: 4 }] }), /multiple of the alignment, 32/],
    ['has tensors that overlap', file({ tensors: [a, { ...b, offset: 0 }] }), /overlap/],
  ];
  it.each(cases)('that %s is refused', async (_, bytes, message) => {
    expect((await failure(bytes)).message).toMatch(message);
  });

  it('whose tensors are cut off is refused', async () => {
    const whole = file({});
    expect((await failure(whole.subarray(0, whole.length - 1))).message).toMatch(/truncated .*tensor b/);
  });

  it('with a name that is no UTF-8 is refused', async () => {
    const bytes = file({ pairs: pairsOf({ 'key-of-text': 1 }) });
    bytes[bytes.indexOf('k'.charCodeAt(0), 24)] = 0xff;
    expect((await failure(bytes)).message).toMatch(/in UTF-8/);
  });
});

it('any change of a small file is opened or refused with a GqaLensError', async () => {
  const right = file({
    pairs: pairsOf({
      'general.architecture': 'llama',
      'llama.block_count': 1,
      'llama.embedding_length': 8,
      'llama.attention.head_count': 2,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.tokens': ['a', 'b'],
      'tokenizer.ggml.merges': ['a b'],
    }),
  });
  const path = join(await temporaryFolder(), 'x.gguf');
  const change = fc.record({ at: fc.nat(right.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 3 }), fc.nat(right.length), async (changes, length) => {
      const bytes = right.slice();
      for (const { at, bytes: replaced } of changes) bytes.set(replaced.subarray(0, bytes.length - at), at);
      await writeFile(path, changes.length === 0 ? bytes.subarray(0, length) : bytes);
      try {
        const checkpoint = await openCheckpoint(path);
        await checkpoint.close();
        checkpoint.embedded?.tokenizer();
      } catch (error) {
        expect(error).toBeInstanceOf(GqaLensError);
      }
    }),
    { numRuns: 300 },
  );
});
