/** The command line on the GPU: `forward` against goldens, `compare` against the reference, `sweep`, `similarity`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as measures from '../../src/gqa/measures';
import type { TextMeasures } from '../../src/protocol/measures';
import { gqaLens } from '../unit/cli/collect';
import { maxDifference, relativeL2 } from './support/compare';
import { fixtures, Golden, sample } from './support/golden';
import { goldenOf, run, useFolder } from './support/commandLine';

const folder = useFolder();

describe('forward --out', () => {
  it.each([
    ['llama-mha', join(fixtures, 'llama-mha'), 2],
    ['llama-gqa', join(fixtures, 'llama-gqa'), 2],
    ['llama-mqa-headdim', join(fixtures, 'llama-mqa-headdim', 'model.safetensors'), 2],
    ['gpt2', join(fixtures, 'gpt2'), 2],
    ['novels-llama', sample, 6],
  ])('%s equals the golden, tensor by tensor', async (name, model, L) => {
    const golden = await goldenOf(name);
    const ids = await golden.ids('input_ids');
    const greedy = await golden.ids('greedy');
    const file = join(folder(), `${name}.safetensors`);
    const hidden = golden.has('hidden.0');
    const more = hidden ? ['--hidden'] : [];
    await run(
      'forward',
      model,
      '--ids',
      ids.join(),
      '--greedy',
      String(greedy.length - ids.length),
      '--out',
      file,
      ...more,
    );
    const found = await Golden.open(file);
    expect(await found.ids('input_ids')).toEqual(ids);
    expect(await found.ids('greedy')).toEqual(greedy);
    expect(relativeL2(await found.floats('logits'), await golden.floats('logits'))).toBeLessThan(1e-4);
    // Goldens of long texts keep their maps as float16, which rounds weights by up to 2.5e-4.
    const tolerance = golden.dtype('attn.0') === 'F16' ? 3.5e-4 : 1e-4;
    for (let layer = 0; layer < L; layer++) {
      const maps = await found.floats(`attn.${layer}`);
      expect(maxDifference(maps, await golden.floats(`attn.${layer}`))).toBeLessThan(tolerance);
    }
    for (let index = 0; hidden && index <= L; index++) {
      const states = await found.floats(`hidden.${index}`);
      expect(relativeL2(states, await golden.floats(`hidden.${index}`))).toBeLessThan(1e-4);
    }
  });

  it.each(['t5', 't5-v1_1'])('%s equals the golden in all tensors, by the same names', async (name) => {
    const golden = await goldenOf(name);
    const [ids, decoder] = [await golden.ids('input_ids'), await golden.ids('decoder_input_ids')];
    const file = join(folder(), `${name}.safetensors`);
    const inputs = ['--ids', ids.join(), '--decoder-ids', decoder.join(), '--greedy', '12'];
    await run('forward', join(fixtures, name), ...inputs, '--hidden', '--out', file);
    const found = await Golden.open(file);
    for (const integers of ['input_ids', 'decoder_input_ids', 'greedy']) {
      expect(await found.ids(integers)).toEqual(await golden.ids(integers));
    }
    expect(relativeL2(await found.floats('logits'), await golden.floats('logits'))).toBeLessThan(1e-4);
    for (const attention of ['encoder', 'decoder', 'cross']) {
      for (const layer of [0, 1]) {
        const map = `attn.${attention}.${layer}`;
        expect(maxDifference(await found.floats(map), await golden.floats(map))).toBeLessThan(1e-4);
      }
    }
    // The embeddings, the input of the second layer, and what comes out of the last norm.
    const states = ['encoder', 'decoder'].flatMap((stack) => [0, 1, 2].map((index) => `hidden.${stack}.${index}`));
    expect(states.map((state) => found.has(state))).toEqual(states.map(() => true));
    expect(found.has('hidden.decoder.3')).toBe(false);
  });

  it('tells the same loss as the logits that it writes', async () => {
    const file = join(folder(), 'loss.safetensors');
    const text = 'The stranger came early in February';
    const { loss, tokens } = (await run('forward', sample, '--text', text, '--out', file)) as {
      loss: number;
      tokens: { id: number; text: string }[];
    };
    expect(tokens.map((token) => token.text).join('')).toBe(text);
    const logits = await (await Golden.open(file)).floats('logits');
    const ids = tokens.map(({ id }) => id);
    expect(loss).toBeCloseTo(measures.mean(measures.lossPerToken(logits, 4096, ids)), 4);
  });
});

describe('compare', () => {
  it('gives loss, KL and agreement of two files as the reference measures do', async () => {
    const out = join(folder(), 'sample-gqa2');
    await run('convert', sample, '--groups', '2', '--out', out);
    const text = 'It is a truth universally acknowledged, that a single man in possession of a good fortune';
    const [fileA, fileB] = [join(folder(), 'a.safetensors'), join(folder(), 'b.safetensors')];
    await run('forward', sample, '--text', text, '--out', fileA);
    await run('forward', out, '--text', text, '--out', fileB);
    const golden = await Golden.open(fileA);
    const ids = await golden.ids('input_ids');
    const [a, b] = [await golden.floats('logits'), await (await Golden.open(fileB)).floats('logits')];
    const found = (await run('compare', sample, out, '--text', text)) as {
      a: { loss: number; perplexity: number; kvCacheBytesPerToken: number };
      b: { loss: number; kvCacheBytesPerToken: number };
      klMean: number;
      klPerPosition: number[];
      top1Agreement: number;
      tokens: number;
      layers: { title: string; jensenShannon: number[] }[];
    };
    expect(found.tokens).toBe(ids.length);
    expect(found.a.loss).toBeCloseTo(measures.mean(measures.lossPerToken(a, 4096, ids)), 4);
    expect(found.b.loss).toBeCloseTo(measures.mean(measures.lossPerToken(b, 4096, ids)), 4);
    expect(found.a.perplexity).toBeCloseTo(Math.exp(found.a.loss), 6);
    expect(found.klMean).toBeCloseTo(measures.mean(measures.klPerToken(a, b, 4096)), 4);
    expect(found.top1Agreement).toBeCloseTo(measures.top1Agreement(a, b, 4096), 6);
    expect([found.a.kvCacheBytesPerToken, found.b.kvCacheBytesPerToken]).toEqual([6144, 1536]);
    expect(found.klPerPosition[3]).toBeCloseTo(measures.klPerToken(a, b, 4096)[3] ?? NaN, 4);
    expect(found.layers.map(({ title }) => title)).toEqual([0, 1, 2, 3, 4, 5].map((layer) => `layer ${layer}`));
    for (const [layer, { jensenShannon }] of found.layers.entries()) {
      const maps = await Promise.all(
        [fileA, fileB].map(async (file) => (await Golden.open(file)).floats(`attn.${layer}`)),
      );
      const S = ids.length;
      const [p, q] = maps.map((all) => all.subarray(5 * S * S, 6 * S * S));
      expect(jensenShannon[5]).toBeCloseTo(p && q ? measures.mapDivergence(p, q, S) : NaN, 4);
    }
  });

  it('converts in memory what convert writes, but for the rounding of what is stored', async () => {
    const folderB = join(folder(), 'llama-mha-gqa4');
    const original = join(fixtures, 'llama-mha');
    await run('convert', original, '--groups', '4', '--merge', 'first', '--out', folderB);
    const ids = ['--ids', '3,9,27,81,30,90'];
    const written = (await run('compare', original, folderB, ...ids)) as TextMeasures;
    const inMemory = (await run('compare', original, '--groups', '4', '--merge', 'first', ...ids)) as TextMeasures;
    expect(written.klMean).toBeGreaterThan(0);
    expect(inMemory.klMean).toBeCloseTo(written.klMean, 6);
    expect(inMemory.b.parameters).toBe(written.b.parameters);
    expect(inMemory.b.conversion).toMatchObject({ G: 4, merge: 'first' });
    expect(inMemory.b.millisecondsPerToken).toBeGreaterThan(0);
  });

  it('reads as tables, with the heads when asked', async () => {
    const args = ['compare', join(fixtures, 'llama-mha'), '--groups', '2', '--ids', '3,9,27,81,30,90,33,5'];
    const { stdout } = await gqaLens([...args, '--heads', '--decode-tokens', '1']);
    const labels = ['loss (nats)', 'perplexity', 'KV cache a token', 'parameters', 'time a token'];
    const lines = stdout.split('\n');
    for (const label of labels) expect(lines.find((line) => line.startsWith(label))).toMatch(/ \d/);
    expect(stdout).toMatch(/^layer 1( +\d\.\d{3}){8}$/m);
    expect(stdout).toMatch(/KL by position in the window: .* at 0–1 /);
    const [original, other] = [join(fixtures, 'llama-mha'), join(fixtures, 'smollm3')];
    const apart = await gqaLens(['compare', original, other, '--ids', '3,9', '--decode-tokens', '0']);
    expect(apart.stdout).toMatch(/^The layers are not compared/m);
    const short = await gqaLens([...args, '--no-layers', '--decode-tokens', '0']);
    expect(short.stdout).not.toMatch(/^layer/m);
    expect(short.stdout).not.toMatch(/^time/m);
  });

  it('reads windows of a file, and finds no difference between a model and itself', async () => {
    const file = join(folder(), 'text.txt');
    await writeFile(file, 'The stranger came early in February, one wintry day, through a biting wind. '.repeat(20));
    const args = ['--text-file', file, '--windows', '3', '--window-size', '32'];
    const found = await run('compare', sample, sample, ...args);
    expect(found).toMatchObject({ windows: 3, tokens: 96, klMean: 0, top1Agreement: 1 });
  });
});

describe('sweep', () => {
  const args = ['sweep', join(fixtures, 'llama-mha'), '--ids', '3,14,15,92,65,35,89,79', '--merge', 'mean,first'];

  it('prints methods by numbers of KV heads, and writes what it printed', async () => {
    const file = join(folder(), 'sweep.csv');
    const { code, stdout, stderr } = await gqaLens([...args, '--groups', '4,1', '--out', file]);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(lines).toContainEqual(['loss (nats)', '8', '4', '1']);
    const mean = lines.find(([name]) => name === 'mean') ?? [];
    const { rows } = (await run(...args, '--groups', '4', '--out', file, '--resume')) as {
      rows: { G: number; merge: string | null; loss: number }[];
    };
    expect(rows.map(({ G, merge }) => `${merge ?? 'original'} ${G}`)).toEqual([
      ...['original 8', 'mean 4', 'mean 1', 'first 4', 'first 1'],
    ]);
    expect(mean.slice(1)).toEqual([rows[1]?.loss.toFixed(4), rows[2]?.loss.toFixed(4)]);
  });

  it('overwrites only when told to', async () => {
    const file = join(folder(), 'once.json');
    await run(...args, '--groups', '1', '--out', file);
    const refused = await gqaLens([...args, '--groups', '1', '--out', file]);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/not overwritten.*--resume/);
    const other = await gqaLens([...args.slice(0, 3), '1,2,3,4', '--merge', 'mean', '--out', file, '--resume']);
    expect(other.stderr).toMatch(/differs in the text/);
    await run(...args.slice(0, 3), '1,2,3,4', '--merge', 'mean', '--groups', '2', '--out', file, '--force');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ text: { tokens: 4 }, rows: [{ G: 8 }, { G: 2 }] });
  });
});

describe('similarity on a text', () => {
  interface Heads {
    matrix: number[][];
    toPooled: number[];
    floor: number;
  }
  interface Result {
    text: string;
    layers: { k?: Heads; v?: Heads; q?: Heads; damage?: { observed: number[]; predicted: number[] } }[];
  }
  const text = 'Sherlock Holmes took his bottle from the corner of the mantelpiece.';

  it('compares activations, of the text or of a file', async () => {
    const file = join(folder(), 'similarity.txt');
    await writeFile(file, `${text} `.repeat(20));
    const common = ['similarity', sample, '--layer', '2', '--on', 'activations'];
    const short = (await run(...common, '--text', text)) as Result;
    expect(short.text).toMatch(/^18 tokens of the text, too few/);
    const long = (await run(...common, '--text-file', file, '--calibrate-tokens', '256')) as Result;
    // The name alone: results are shown to others, whose folders are not ours.
    expect(long.text).toBe('256 tokens of similarity.txt');
    const [k] = [long.layers[0]?.k];
    expect(k?.matrix[0]?.[0]).toBe(1);
    expect(k?.matrix[0]?.[1]).toBeGreaterThan(0);
    expect(long.layers[0]?.q).toBeUndefined();
  });

  it('compares maps and measures damage', async () => {
    const args = [
      'similarity',
      sample,
      '--layer',
      '2',
      '--on',
      'attention',
      '--groups',
      '2',
      '--damage',
      '--text',
      text,
    ];
    const { layers } = (await run(...args)) as Result;
    const [layer] = layers;
    expect(layer?.k).toBeUndefined();
    expect(layer?.q?.toPooled).toHaveLength(8);
    expect(layer?.damage?.observed).toHaveLength(8);
    layer?.damage?.observed.forEach((observed, head) => {
      expect(observed).toBeGreaterThan(0.05);
      expect(observed).toBeLessThan(layer.damage?.predicted[head] ?? 0);
    });
    const { stdout } = await gqaLens(args);
    expect(stdout).toMatch(/^Q7 +\d+ % +\d+ % +\d+ % +\d+ %$/m);
  });
});
