// The command line's contract: exit codes, JSON on stdout, messages on stderr; commands that need no GPU.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupings } from '../../../src/gqa/grouping';
import { merges } from '../../../src/gqa/merge';
import { similarities } from '../../../src/gqa/similarity';
import { gqaLens } from './collect';

const sample = 'media/sample';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-cli-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const json = (text: string): unknown => JSON.parse(text) as unknown;

describe('exit codes', () => {
  it('0 with help and version on stdout', async () => {
    const help = await gqaLens(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['inspect', 'forward', 'similarity', 'convert', 'compare', 'sweep', 'gpu']) {
      expect(help.stdout).toContain(`  ${command} `);
    }
    expect(await gqaLens(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  it.each([
    [[]],
    [['polish']],
    [['inspect']],
    [['inspect', sample, 'more']],
    [['inspect', sample, '--loud']],
    [['forward', sample]],
    [['forward', sample, '--text', 'a', '--ids', '1']],
    [['forward', sample, '--ids', '1,x']],
    [['forward', sample, '--ids', '1', '--greedy', '0']],
    [['forward', sample, '--ids', '1', '--hidden']],
    [['similarity', sample, '--measure', 'euclid']],
    [['similarity', sample, '--layer', '-1']],
    [['similarity', sample, '--text', 'a']],
    [['similarity', sample, '--damage', '--text', 'a']],
    [['similarity', sample, '--on', 'activations', '--text', 'a', '--text-file', 'b']],
    [['convert', sample, '--groups', '2']],
    [['convert', sample, '--groups', 'two', '--out', 'x']],
    [['convert', sample, '--groups', '2', '--out', 'x', '--merge', 'median']],
    [['convert', sample, '--groups', '2', '--out', 'x', '--grouping', 'zigzag']],
    [['convert', sample, '--groups', '2', '--out', 'x', '--grouping', 'manual']],
    [['convert', sample, '--out', 'x']],
    [['compare', sample, sample]],
    [['compare', sample]],
    [['compare', sample, '--text', 'a']],
    [['compare', sample, sample, '--text', 'a', '--groups', '2']],
    [['compare', sample, sample, '--text', 'a', '--decode-tokens', 'x']],
    [['sweep', sample]],
    [['sweep', sample, '--excerpt', '--text-file', 'a.txt']],
    [['sweep', sample, '--excerpt', '--merge', 'mean,median']],
    [['sweep', sample, '--excerpt', '--grouping', 'manual']],
    [['sweep', sample, '--excerpt', '--groups', '4,two']],
    [['sweep', sample, '--excerpt', '--resume']],
    [['sweep', sample, '--excerpt', '--out', 'sweep.xlsx']],
  ])('2 with a message on stderr: %j', async (args) => {
    const { code, stdout, stderr } = await gqaLens(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  it.each([
    [['inspect', 'no/such/folder'], /no checkpoint at this path.*no\/such\/folder/],
    [['similarity', sample, '--layer', '6'], /no layer 6.*0 to 5/],
    [['similarity', 'test/fixtures/t5', '--layer', 'cross.2'], /no layer cross\.2.*0 to 5, or one of encoder\.0/],
    [
      ['similarity', sample, '--measure', 'attention'],
      /"attention" does not compare weights.*aligned, cosine, cka, pca/,
    ],
    [['similarity', sample, '--on', 'attention', '--measure', 'cka'], /"cka" does not compare attention/],
    [['convert', sample, '--groups', '3', '--out', 'never-written'], /one of 8, 4, 2, 1/],
    [['convert', sample, '--groups', '2', '--out', sample], /not overwritten/],
    [['convert', sample, '--grouping', 'none.json', '--out', 'x'], /grouping file cannot be read.*none\.json/],
    [['convert', sample, '--grouping', `${sample}/config.json`, '--out', 'x'], /not a grouping file.*kvHeads.*nothing/],
    [['compare', sample, 'test/fixtures/llama-mha', '--text', 'a'], /different vocabularies.*4096.*112/],
    [['compare', sample, sample, '--text-file', 'no-such-file.txt'], /text file cannot be read.*no-such-file/],
    [['sweep', sample, '--excerpt', '--groups', '3'], /one of 8, 4, 2, 1/],
    [['sweep', sample, '--excerpt', '--window-size', '9999'], /windows of this size.*2 to 512/],
    [['sweep', sample, '--excerpt', '--out', 'no-such-folder/../package.json'], /is not overwritten.*--force/],
    [['sweep', 'test/fixtures/llama-mha', '--excerpt'], /tokenizer.json/],
  ])('1 with the reason on stderr: %j', async (args, reason) => {
    const { code, stdout, stderr } = await gqaLens(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(reason);
  });

  it('1 for a model of no known family', async () => {
    const model = join(folder, 'martian');
    await cp('test/fixtures/qwen2', model, { recursive: true });
    const config = JSON.parse(await readFile(join(model, 'config.json'), 'utf8')) as Record<string, unknown>;
    await writeFile(join(model, 'config.json'), JSON.stringify({ ...config, model_type: 'martian' }));
    const { code, stderr } = await gqaLens(['convert', model, '--groups', '1', '--out', join(folder, 'never-written')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/"martian" cannot be run yet.*known: Llama, .*found model_type martian/);
  });

  it('130 when cancelled, with nothing left behind', async () => {
    const signal = AbortSignal.abort();
    const out = join(folder, 'cancelled');
    const { code, stderr } = await gqaLens(['convert', sample, '--groups', '2', '--out', out], signal);
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'Cancelled.\n' });
    expect((await readdir(folder)).filter((name) => name.includes('cancelled'))).toEqual([]);
  });
});

describe('--help', () => {
  it('names every method of the registries with its source', async () => {
    const convert = (await gqaLens(['convert', '--help'])).stdout;
    const similarity = (await gqaLens(['similarity', '--help'])).stdout;
    const named = groupings.filter(({ needsAssignment }) => needsAssignment !== true);
    for (const { id, source } of [...named, ...merges]) {
      expect(convert).toContain(`  ${id}`);
      expect(convert).toContain(source);
    }
    for (const { id, source } of similarities) {
      expect(similarity).toContain(`  ${id}`);
      expect(similarity).toContain(source);
    }
  });
});

describe('inspect', () => {
  it('tells the shapes of the sample', async () => {
    const { code, stdout } = await gqaLens(['inspect', sample, '--json']);
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({
      family: 'llama',
      ...{ L: 6, D: 256, H: 8, G: 8, K: 32, F: 704, V: 4096 },
      dtype: 'BF16',
      kvCacheBytesPerToken: 6144,
      groupChoices: [8, 4, 2, 1],
      hasTokenizer: true,
    });
  });

  it('tells both stacks of an encoder-decoder, and what each text costs', async () => {
    const { stdout } = await gqaLens(['inspect', 'test/fixtures/t5']);
    expect(stdout).toContain('2 in the encoder, 2 in the decoder (6 attentions)');
    expect(stdout).toContain('1 KiB a token, and 1 KiB a token of the encoder');
    const model = json((await gqaLens(['inspect', 'test/fixtures/t5', '--json'])).stdout);
    expect(model).toMatchObject({ kvCacheBytesPerToken: 2 * 2 * 64 * 4, crossCacheBytesPerToken: 2 * 2 * 64 * 4 });
  });

  it('reads as lines of aligned names and values', async () => {
    const { stdout } = await gqaLens(['inspect', 'test/fixtures/llama-gqa']);
    expect(stdout).toContain('grouped-query: 8 query heads on 2 KV heads');
    const starts = stdout
      .trimEnd()
      .split('\n')
      .map((line) => /^[^ ]+(?: [^ ]+)* {2,}/.exec(line)?.[0].length);
    expect(new Set(starts).size).toBe(1);
  });

  it('takes a single file, an index file, and models that cannot run', async () => {
    const file = await gqaLens(['inspect', join(sample, 'model.safetensors'), '--json']);
    expect(json(file.stdout)).toMatchObject({ L: 6, G: 8 });
    const index = await gqaLens(['inspect', 'test/fixtures/qwen3/model.safetensors.index.json', '--json']);
    expect(json(index.stdout)).toMatchObject({ family: 'qwen3', L: 2, H: 8, G: 2 });
  });

  it('takes a GGUF file, with the types and bytes that it has', async () => {
    const { stdout } = await gqaLens(['inspect', 'test/fixtures/gguf/llama-sample-q4_0.gguf']);
    expect(stdout).toContain('5.87 M (Q4_0 5.87 M, F32 3.33 K), 3.29 MiB on disk');
    expect(stdout).toMatch(/vocabulary +4096, embeddings tied\n/);
  });
});

describe('similarity', () => {
  it('takes the names that encoder-decoders have for their attentions', async () => {
    const namesOf = async (layer: string): Promise<string[]> => {
      const { stdout } = await gqaLens(['similarity', 'test/fixtures/t5', '--layer', layer, '--json']);
      return (JSON.parse(stdout) as { layers: { name: string }[] }).layers.map(({ name }) => name);
    };
    expect(await namesOf('cross.1')).toEqual(['cross.1']);
    expect(await namesOf('3')).toEqual(['cross.0']);
    expect(await namesOf('encoder')).toEqual(['encoder.0', 'encoder.1']);
  });

  it('gives every layer of the sample as JSON', async () => {
    const { code, stdout } = await gqaLens(['similarity', sample, '--groups', '2', '--json']);
    expect(code).toBe(0);
    const result = json(stdout) as {
      measure: string;
      layers: { layer: number; k: { matrix: number[][]; toPooled: number[]; groups: number[]; floor: number } }[];
    };
    expect(result.measure).toBe('aligned');
    expect(result.layers.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const { k } of result.layers) {
      expect(k.matrix.map((row, head) => row[head])).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
      expect(k.toPooled).toHaveLength(8);
      expect(k.groups).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
      expect(k.floor).toBeCloseTo(0.056, 1);
    }
  });

  it('tells what groups lose together, without a GPU', async () => {
    const args = ['similarity', sample, '--groups', '2', '--measure', 'pca', '--merge', 'mean'];
    const { stdout } = await gqaLens(args);
    expect(stdout).toMatch(/K group .*V group/);
    const result = json((await gqaLens([...args, '--layer', '1', '--json'])).stdout) as {
      layers: { k: { ofGroup: number[]; groupFloor: number; matrix: number[][] } }[];
    };
    const [layer] = result.layers;
    expect(layer?.k.ofGroup).toHaveLength(2);
    // K heads share structure: less is lost than of random heads.
    for (const share of layer?.k.ofGroup ?? []) expect(share).toBeLessThan((layer?.k.groupFloor ?? 0) - 0.05);
    expect(layer?.k.matrix.map((row, head) => row[head])).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('shows one layer as a matrix with its floor', async () => {
    const { stdout } = await gqaLens(['similarity', sample, '--layer', '3', '--measure', 'cosine']);
    expect(stdout).toMatch(/layer 3/);
    expect(stdout.match(/^\d( +-?\d\.\d{3}){8}$/gm)).toHaveLength(16);
    expect(stdout.match(/^floor -?\d\.\d{3}, most alike -?\d\.\d{3}$/gm)).toHaveLength(2);
  });
});

describe('convert', () => {
  it('writes a folder, tells what it cost, and refuses to write it twice', async () => {
    const out = join(folder, 'sample-gqa2');
    const args = ['convert', sample, '--groups', '2', '--merge', 'first', '--out', out, '--json'];
    const { code, stdout } = await gqaLens(args);
    expect(code).toBe(0);
    const result = json(stdout) as { bytes: { before: number; after: number } };
    expect(result).toMatchObject({
      groups: { before: 8, after: 2 },
      kvCacheBytesPerToken: { before: 6144, after: 1536 },
      repeatsHeads: false,
    });
    // K and V of 6 layers lose 6 heads of 32 × 256 two-byte numbers each; headers differ by less than 4 KiB.
    expect(Math.abs(result.bytes.before - result.bytes.after - 6 * 2 * 6 * 32 * 256 * 2)).toBeLessThan(4096);
    const config = json(await readFile(join(out, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ num_key_value_heads: 2, num_attention_heads: 8 });
    expect(json((await gqaLens(['inspect', out, '--json'])).stdout)).toMatchObject({ G: 2, hasTokenizer: true });
    const again = await gqaLens(args);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('not overwritten');
  });

  it('says so when the format makes it repeat heads', async () => {
    const out = join(folder, 'gpt2-gqa2');
    const { code, stdout } = await gqaLens(['convert', 'test/fixtures/gpt2', '--groups', '2', '--out', out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/stored\s+once\s+for\s+every\s+head\s+that\s+shares/);
    expect(json((await gqaLens(['inspect', out, '--json'])).stdout)).toMatchObject({ H: 8, G: 8 });
  });

  it('takes the groups from a file, such as that of an export', async () => {
    const [first, second] = [join(folder, 'strided'), join(folder, 'again')];
    const grouping = ['--merge', 'mean', '--grouping'];
    expect((await gqaLens(['convert', sample, '--groups', '4', ...grouping, 'strided', '--out', first])).code).toBe(0);
    const file = join(first, 'gqa-lens.json');
    const { code, stdout } = await gqaLens(['convert', sample, ...grouping, file, '--out', second]);
    expect(code).toBe(0);
    expect(stdout).toContain(`8 → 4 (${file}, mean)`);
    const bytes = (out: string): Promise<Buffer> => readFile(join(out, 'model.safetensors'));
    expect((await bytes(second)).equals(await bytes(first))).toBe(true);
    const wrong = await gqaLens(['convert', sample, '--groups', '2', '--grouping', file, '--out', 'never-written']);
    expect(wrong.stderr).toMatch(/gqa-lens\.json; expected 2 groups, as --groups says; found 4 groups/);
    const other = await gqaLens(['similarity', 'test/fixtures/llama-mha', '--grouping', file]);
    expect(other.stderr).toMatch(/gqa-lens\.json; expected 2 layers of 8 KV heads.*found 6 layers/);
    const pooled = await gqaLens(['similarity', sample, '--grouping', file, '--layer', '0']);
    expect(pooled.stdout).toContain('pooled to 4 groups');
  });

  it('says where a merge may not do what it says', async () => {
    const out = join(folder, 'olmo2-gqa');
    const args = ['convert', 'test/fixtures/olmo2', '--groups', '1', '--merge', 'pca', '--out', out];
    const { code, stdout } = await gqaLens(args);
    expect(code).toBe(0);
    const note = /K heads are pooled by their mean and not turned: queries and keys\s+are\s+normalised/;
    expect(stdout).toMatch(note);
    expect(await readFile(join(out, 'README.md'), 'utf8')).toMatch(note);
    const plain = ['convert', 'test/fixtures/olmo2', '--groups', '1', '--merge', 'mean', '--out', `${out}-mean`];
    expect((await gqaLens(plain)).stdout).not.toContain('turned');
  });

  it('leaves a folder that is there alone', async () => {
    const out = join(folder, 'mine');
    await mkdir(out);
    await writeFile(join(out, 'notes.txt'), 'keep me');
    expect((await gqaLens(['convert', sample, '--groups', '2', '--out', out])).code).toBe(1);
    expect(await readdir(out)).toEqual(['notes.txt']);
  });
});
