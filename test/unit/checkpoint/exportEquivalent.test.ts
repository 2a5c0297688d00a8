/** Exports of a family whose format has no field for KV heads: repeated heads, or an equivalent format. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exportCheckpoint } from '../../../src/checkpoint/export/exportCheckpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { temporaryFolder } from './temporaryFolder';
import { json, open, prepare, tensorsOf } from './exporting';

describe('an exported GPT-2', () => {
  it('repeats pooled heads in the fused tensor, says so, and has them once in a file of their own', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('test/fixtures/gpt2', 2, outFolder);
    const result = await exportCheckpoint(request);
    expect(result.format.repeatsHeads).toBe(true);
    const readme = await readFile(join(outFolder, 'README.md'), 'utf8');
    expect(readme).toContain('each pooled head is stored once for every head that shares it');
    const { weights } = await open(outFolder);
    expect(weights.spec.G).toBe(8);
    const compact = await openCheckpoint(join(outFolder, 'pooled-kv.safetensors'));
    onTestFinished(() => compact.close());
    expect(compact.tensors.size).toBe(8);
    for (const role of ['k.weight', 'k.bias', 'v.weight', 'v.bias'] as const) {
      const stored = await weights.read(role, 1);
      const pooled = await request.source.read(role, 1);
      expect(await compact.readFloat32(`layers.1.${role}`), role).toEqual(pooled.data);
      const size = pooled.data.length / 2;
      for (let head = 0; head < 8; head++) {
        const shared = head < 4 ? 0 : 1;
        expect(stored.data.slice(head * size, (head + 1) * size), role).toEqual(
          pooled.data.slice(shared * size, (shared + 1) * size),
        );
      }
    }
    expect(compact.tensors.get('layers.0.k.weight')?.shape).toEqual([16, 64]);
    expect(readme).toContain('| `layers.N.k.weight` | [16, 64] |');
    const record = await json(outFolder, 'gqa-lens.json');
    expect(record).toMatchObject({ repeatsHeads: true, pooledKv: { 'layers.0.k.weight': [16, 64] } });
    expect(await weights.read('q.weight', 1)).toEqual(await request.original.read('q.weight', 1));
    expect(await weights.read('q.bias', 0)).toEqual(await request.original.read('q.bias', 0));
  });

  it('with one KV head can be a GPTBigCode, named and shaped as transformers does', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('test/fixtures/gpt2', 1, outFolder);
    const { format } = await exportCheckpoint({ ...request, format: 'equivalent' });
    expect(format).toMatchObject({ id: 'gpt_bigcode', repeatsHeads: false });
    expect(await tensorsOf(outFolder)).toEqual(await tensorsOf('test/fixtures/gpt-bigcode'));
    const { checkpoint: written } = await open(outFolder);
    // The config has the fields of transformers' own, and differs where the models do.
    const [own, theirs] = [await json(outFolder, 'config.json'), await json('test/fixtures/gpt-bigcode/config.json')];
    const known = Object.keys(theirs);
    expect(Object.keys(own).filter((field) => !known.includes(field))).toEqual([]);
    for (const field of ['model_type', 'architectures', 'multi_query', 'n_embd', 'n_head', 'n_layer', 'n_positions']) {
      expect(own[field], field).toEqual(theirs[field]);
    }
    expect(own).toMatchObject({ activation_function: 'gelu_pytorch_tanh', bos_token_id: 1, eos_token_id: 2 });
    // Q below K below V, each [out, in].
    const fused = await written.readFloat32('transformer.h.1.attn.c_attn.weight');
    const parts = ['q.weight', 'k.weight', 'v.weight'] as const;
    const expected = await Promise.all(parts.map(async (role) => (await request.source.read(role, 1)).data));
    expect(fused).toEqual(Float32Array.from(expected.flatMap((data) => [...data])));
  });

  it('keeps fractions in the config of an equivalent format fractions', async () => {
    const parent = await temporaryFolder();
    const model = join(parent, 'model');
    await cp('test/fixtures/gpt2', model, { recursive: true });
    const text = await readFile(join(model, 'config.json'), 'utf8');
    await writeFile(join(model, 'config.json'), text.replace('"attn_pdrop": 0.1', '"attn_pdrop": 0.0'));
    const outFolder = join(parent, 'out');
    await exportCheckpoint({ ...(await prepare(model, 1, outFolder)), format: 'equivalent' });
    expect(await readFile(join(outFolder, 'config.json'), 'utf8')).toContain('"attn_pdrop": 0.0,');
  });

  it('is refused in an equivalent format that cannot hold it', async () => {
    const parent = await temporaryFolder();
    const request = await prepare('test/fixtures/gpt2', 2, join(parent, 'out'));
    await expect(exportCheckpoint({ ...request, format: 'equivalent' })).rejects.toThrow(
      /GPTBigCode: it can hold 1 KV/,
    );
    expect(await readdir(parent)).toEqual([]);
  });
});
