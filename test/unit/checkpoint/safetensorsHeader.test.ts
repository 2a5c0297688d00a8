/** Headers that lie: every one is refused with what was expected and found, and none is believed first. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { GqaLensError } from '../../../src/protocol/errors';
import { entry, safetensorsBytes } from './safetensorsBytes';
import { refusalOf } from './refusalOf';
import { temporaryFolder } from './temporaryFolder';

const failure = (bytes: Uint8Array): Promise<GqaLensError> => refusalOf('model.safetensors', bytes);

function headerLength(length: bigint, size = 64): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
}

const data = new Uint8Array(16);
const a = entry('F32', [2], 0, 8);

describe('the length of the header', () => {
  it('must be there', async () => {
    expect((await failure(new Uint8Array(5))).message).toMatch(/truncated .*8 bytes or more.*found 5 bytes/);
  });
  it('must be within the limit', async () => {
    const error = await failure(headerLength(2n ** 63n));
    expect(error.detail).toMatchObject({ found: 'a header of 9223372036854775808 bytes', limit: '100000000 bytes' });
  });
  it('must be within the file', async () => {
    expect((await failure(headerLength(99_000_000n))).message).toContain('truncated inside its header');
  });
});

describe('the header', () => {
  const header = (text: string): Promise<GqaLensError> => failure(safetensorsBytes(text, data));
  it('must be UTF-8', async () => {
    const bytes = safetensorsBytes('{"a":1}');
    bytes[9] = 0xff;
    expect((await failure(bytes)).message).toContain('UTF-8');
  });
  it.each([
    ['cut off', '{"a":', 'valid JSON'],
    ['a list', '[]', 'a JSON object'],
    ['nothing', '', 'valid JSON'],
    ['deep nesting', `{"a":${'['.repeat(200_000)}`, 'valid JSON'],
  ])('must be a JSON object: %s', async (_, text, expected) => {
    expect((await header(text)).detail.expected).toBe(expected);
  });
  it('must name each tensor once', async () => {
    const text = `{"a":${JSON.stringify(a)},"\\u0061":${JSON.stringify(entry('F32', [2], 8, 16))}}`;
    expect((await header(text)).detail.found).toBe('"a" twice');
  });
  it('may repeat a name in different objects', async () => {
    const file = join(await temporaryFolder(), 'x.safetensors');
    await writeFile(
      file,
      safetensorsBytes({ __metadata__: { dtype: 'x' }, dtype: a, b: entry('I64', [], 8, 16) }, data),
    );
    const checkpoint = await openCheckpoint(file);
    expect([...checkpoint.tensors.keys()]).toEqual(['dtype', 'b']);
    expect(checkpoint.config).toEqual({});
    await checkpoint.close();
  });
});

describe('a tensor', () => {
  const limit = Number.MAX_SAFE_INTEGER;
  const wrong: [what: string, entry: unknown, expected: string][] = [
    ['is no object', 5, 'an object with dtype, shape and data_offsets'],
    ['has no dtype', { shape: [], data_offsets: [0, 4] }, 'dtype as text'],
    ['has a negative size', entry('F32', [-2], 0, 8), 'shape as non-negative whole numbers'],
    ['has half a size', entry('F32', [1.5], 0, 6), 'shape as non-negative whole numbers'],
    ['has an unsafe size', entry('F32', [2 ** 53], 0, 8), 'shape as non-negative whole numbers'],
    ['has a size as text', { dtype: 'F32', shape: ['2'], data_offsets: [0, 8] }, 'shape as non-negative whole numbers'],
    ['has one offset', { dtype: 'F32', shape: [2], data_offsets: [0] }, 'data_offsets as two numbers'],
    ['ends before it begins', entry('F32', [2], 8, 0), 'data_offsets [begin, end] with begin ≤ end'],
    ['begins before the data', entry('F32', [2], -8, 0), 'data_offsets [begin, end] with begin ≤ end'],
    ['overflows', entry('F32', [2 ** 31, 2 ** 31], 0, 8), `shape of at most ${limit} bytes`],
    ['overflows to infinity', entry('F32', Array<number>(99).fill(2 ** 50), 0, 8), `shape of at most ${limit} bytes`],
    ['has fewer bytes than its shape', entry('F32', [2], 0, 4), '8 bytes for F32 [2]'],
    ['has more bytes than its shape', entry('BF16', [2], 0, 8), '4 bytes for BF16 [2]'],
  ];
  it.each(wrong)('is refused when it %s', async (_, value, expected) => {
    const error = await failure(safetensorsBytes({ fine: a, t: value }, data));
    expect(error.detail).toMatchObject({ tensor: 't', expected });
    expect(error.detail.found).toBeTruthy();
  });
  it('is refused when its dtype is unknown', async () => {
    const error = await failure(safetensorsBytes({ t: entry('F2', [4], 0, 1) }, data));
    expect(error).toMatchObject({ code: 'checkpoint-unsupported', detail: { tensor: 't', found: 'F2' } });
  });
  it('is refused when it ends within a byte', async () => {
    const error = await failure(safetensorsBytes({ t: entry('F4', [3], 0, 2) }, data));
    expect(error.detail).toMatchObject({ tensor: 't', expected: 'a shape that fills whole bytes of F4' });
  });
  // safetensors/src/tensor.rs, Dtype::bitsize.
  it.each([
    ['BOOL', 8],
    ['F4', 4],
    ['F6_E2M3', 6],
    ['F6_E3M2', 6],
    ['U8', 8],
    ['I8', 8],
    ['F8_E5M2', 8],
    ['F8_E4M3', 8],
    ['F8_E8M0', 8],
    ['F8_E4M3FNUZ', 8],
    ['F8_E5M2FNUZ', 8],
    ['I16', 16],
    ['U16', 16],
    ['F16', 16],
    ['BF16', 16],
    ['I32', 32],
    ['U32', 32],
    ['F32', 32],
    ['C64', 64],
    ['F64', 64],
    ['I64', 64],
    ['U64', 64],
  ])('may be of type %s', async (dtype, bits) => {
    const file = join(await temporaryFolder(), 'x.safetensors');
    await writeFile(file, safetensorsBytes({ t: entry(dtype, [2, 4], 0, bits) }, new Uint8Array(bits)));
    const checkpoint = await openCheckpoint(file);
    expect(checkpoint.tensors.get('t')).toMatchObject({ dtype, byteLength: bits });
    expect(await checkpoint.readBytes('t')).toHaveLength(bits);
    await checkpoint.close();
  });
  it('is refused when it lies over another', async () => {
    const error = await failure(safetensorsBytes({ t: entry('F32', [2], 4, 12), a }, data));
    expect(error.detail).toMatchObject({ tensor: 't', expected: expect.stringContaining('where a ends') as string });
  });
  it('is refused when the file ends before it', async () => {
    const error = await failure(safetensorsBytes({ a, t: entry('F32', [3], 8, 20) }, data));
    expect(error.message).toMatch(/^The file is truncated \(.*tensor t; expected \d+ bytes; found \d+ bytes\)/);
  });
  it('may be empty', async () => {
    const file = join(await temporaryFolder(), 'x.safetensors');
    await writeFile(file, safetensorsBytes({ a, none: entry('F32', [0, 7], 4, 4) }, data));
    const checkpoint = await openCheckpoint(file);
    expect(await checkpoint.readFloat32('none')).toHaveLength(0);
    await checkpoint.close();
  });
});

it('a pointer of Git LFS is called by its name', async () => {
  const text = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';
  expect((await failure(new TextEncoder().encode(text))).message).toContain('git lfs pull');
});

it('a file that is cut after it was opened is told as such', async () => {
  const file = join(await temporaryFolder(), 'x.safetensors');
  await writeFile(file, safetensorsBytes({ a }, data));
  const checkpoint = await openCheckpoint(file);
  await truncate(file, 20);
  await expect(checkpoint.readFloat32('a')).rejects.toMatchObject({ code: 'checkpoint-invalid' });
  await checkpoint.close();
});

it('any bytes are opened or refused with a GqaLensError', async () => {
  const file = join(await temporaryFolder(), 'x.safetensors');
  const anyHeader = fc.oneof(
    fc.json().map((json) => safetensorsBytes(json, data)),
    fc
      .dictionary(
        fc.string(),
        fc.record({ dtype: fc.constantFrom('F32', 'BF16', 'X'), shape: fc.anything(), data_offsets: fc.anything() }),
      )
      .map((header) => safetensorsBytes(header, data)),
    fc.uint8Array({ maxLength: 64 }),
  );
  await fc.assert(
    fc.asyncProperty(anyHeader, async (bytes) => {
      await writeFile(file, bytes);
      try {
        await (await openCheckpoint(file)).close();
      } catch (error) {
        expect(error).toBeInstanceOf(GqaLensError);
      }
    }),
    { numRuns: 200 },
  );
});
