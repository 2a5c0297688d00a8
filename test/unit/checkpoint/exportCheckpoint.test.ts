/** Exports: what is written opens again and says what was converted; failures leave nothing behind. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { exportConversion, type ExportRequest } from '../../../src/checkpoint/exportCheckpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { convertAs } from '../../support/conversions';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';
import { temporaryFolder } from './temporaryFolder';

async function open(path: string): Promise<{ checkpoint: Checkpoint; weights: CheckpointWeights }> {
  const checkpoint = await openCheckpoint(path);
  onTestFinished(() => checkpoint.close());
  return { checkpoint, weights: new CheckpointWeights(checkpoint, resolveModel(checkpoint)) };
}

async function prepare(path: string, G: number, outFolder: string): Promise<ExportRequest> {
  const { checkpoint, weights } = await open(path);
  const { L, G: sourceG } = weights.spec;
  const groupOfKvHead = Array.from({ length: L }, () =>
    Array.from({ length: sourceG }, (_, head) => Math.floor((head * G) / sourceG)),
  );
  return {
    checkpoint,
    source: await convertAs(weights, { G, grouping: 'contiguous', merge: 'mean' }),
    original: weights,
    outFolder,
    provenance: { sourceName: 'fixture', grouping: 'contiguous', merge: 'mean', groupOfKvHead, date: new Date(0) },
  };
}

const layerRoles = [
  'q.weight',
  'k.weight',
  'v.weight',
  'o.weight',
  'q.bias',
  'k.bias',
  'v.bias',
  'down.weight',
] as const;

describe('an exported Llama', () => {
  it('has the new number of KV heads and the weights of the conversion', async () => {
    const outFolder = join(await temporaryFolder(), 'deep', 'gqa2');
    const request = await prepare('test/fixtures/llama-mha', 2, outFolder);
    const result = await exportConversion(request);
    expect(result.repeatsHeads).toBe(false);
    const { checkpoint, weights } = await open(outFolder);
    expect(weights.spec).toMatchObject({ H: 8, G: 2, K: 8 });
    for (const role of layerRoles) {
      if (!request.source.has(role, 1)) continue;
      expect(await weights.read(role, 1), role).toEqual(await request.source.read(role, 1));
    }
    for (const name of request.checkpoint.tensors.keys()) {
      if (/[kv]_proj/.test(name)) continue;
      expect(await checkpoint.readBytes(name), name).toEqual(await request.checkpoint.readBytes(name));
    }
  });

  it('keeps every other character of config.json, companions and provenance', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const result = await exportConversion(await prepare('media/sample', 4, outFolder));
    const before = await readFile('media/sample/config.json', 'utf8');
    const after = await readFile(join(outFolder, 'config.json'), 'utf8');
    expect(after).toBe(before.replace('"num_key_value_heads": 8', '"num_key_value_heads": 4'));
    expect(await readFile(join(outFolder, 'tokenizer.json'))).toEqual(await readFile('media/sample/tokenizer.json'));
    expect(await readdir(outFolder)).toEqual(result.files);
    expect(await readFile(join(outFolder, 'README.md'), 'utf8')).toContain('| KV heads | 8 → 4 |');
    const record = JSON.parse(await readFile(join(outFolder, 'gqa-lens.json'), 'utf8')) as {
      groupOfKvHead: number[][];
    };
    expect(record.groupOfKvHead[5]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('writes bfloat16 back as the nearest bfloat16', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('media/sample', 1, outFolder);
    await exportConversion(request);
    const { weights } = await open(outFolder);
    const written = await weights.read('k.weight', 3);
    const wanted = await request.source.read('k.weight', 3);
    expect(written.rows).toBe(32);
    written.data.forEach((value, i) => {
      const exact = wanted.data[i] ?? NaN;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * 2 ** -8);
    });
  });

  it('is divided into shards above the limit', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('test/fixtures/llama-mha', 4, outFolder);
    const { files } = await exportConversion({ ...request, shardBytes: 100_000 });
    expect(files.filter((name) => name.endsWith('.safetensors')).length).toBeGreaterThan(2);
    const { checkpoint, weights } = await open(outFolder);
    expect(checkpoint.tensors.size).toBe(request.checkpoint.tensors.size);
    expect(await weights.read('v.weight', 0)).toEqual(await request.source.read('v.weight', 0));
  });
});

describe('an exported GPT-2', () => {
  it('repeats pooled heads in the fused tensor and says so', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('test/fixtures/gpt2', 2, outFolder);
    const result = await exportConversion(request);
    expect(result.repeatsHeads).toBe(true);
    expect(await readFile(join(outFolder, 'README.md'), 'utf8')).toContain('each pooled head is stored 4');
    const { weights } = await open(outFolder);
    expect(weights.spec.G).toBe(8);
    for (const role of ['k.weight', 'k.bias', 'v.weight', 'v.bias'] as const) {
      const stored = await weights.read(role, 1);
      const pooled = await request.source.read(role, 1);
      const size = pooled.data.length / 2;
      for (let head = 0; head < 8; head++) {
        const shared = head < 4 ? 0 : 1;
        expect(stored.data.slice(head * size, (head + 1) * size), role).toEqual(
          pooled.data.slice(shared * size, (shared + 1) * size),
        );
      }
    }
    expect(await weights.read('q.weight', 1)).toEqual(await request.original.read('q.weight', 1));
    expect(await weights.read('q.bias', 0)).toEqual(await request.original.read('q.bias', 0));
  });
});

describe('what can go wrong', () => {
  it('leaves an existing folder as it is', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    await mkdir(outFolder);
    await writeFile(join(outFolder, 'mine.txt'), 'mine');
    await expect(exportConversion(await prepare('test/fixtures/llama-mha', 2, outFolder))).rejects.toMatchObject({
      code: 'output-exists',
    });
    expect(await readdir(outFolder)).toEqual(['mine.txt']);
  });

  it('leaves nothing behind when it is cancelled on the way', async () => {
    const parent = await temporaryFolder();
    const request = await prepare('test/fixtures/llama-mha', 2, join(parent, 'out'));
    const controller = new AbortController();
    const fractions: (number | null)[] = [];
    const report = (_message: string, fraction: number | null): void => {
      fractions.push(fraction);
      if (fractions.length === 3) controller.abort();
    };
    await expect(exportConversion({ ...request, signal: controller.signal, report })).rejects.toThrow(/abort/i);
    expect(fractions.length).toBe(3);
    expect(await readdir(parent)).toEqual([]);
  });

  it('leaves nothing behind when a weight cannot be read', async () => {
    const parent = await temporaryFolder();
    const model = join(parent, 'model');
    await cp('test/fixtures/llama-mha', model, { recursive: true });
    const request = await prepare(model, 2, join(parent, 'out'));
    await request.checkpoint.close();
    await expect(exportConversion(request)).rejects.toThrow(/closed/);
    expect(await readdir(parent)).toEqual(['model']);
  });
});
