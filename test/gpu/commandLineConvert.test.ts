/** The command line writes conversions: `convert`, then `forward` against goldens; with a text; of a GGUF file. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maxDifference, relativeL2 } from './support/compare';
import { fixtures, Golden, sample } from './support/golden';
import { goldenOf, run, useFolder } from './support/commandLine';

const folder = useFolder();

describe('a GGUF file', () => {
  const quantised = join(fixtures, 'gguf/llama-sample-q8_0.gguf');

  it('runs on a text as the golden of its weights', async () => {
    const golden = await Golden.open(join(fixtures, 'gguf/llama-sample-q8_0.golden.safetensors'));
    const file = join(folder(), 'gguf.safetensors');
    await run('forward', quantised, '--ids', (await golden.ids('input_ids')).join(), '--out', file);
    expect(relativeL2(await (await Golden.open(file)).floats('logits'), await golden.floats('logits'))).toBeLessThan(
      1e-4,
    );
  });

  it('becomes a folder that computes the same, and is compared with it and with its safetensors', async () => {
    const out = join(folder(), 'gguf-8');
    await run('convert', quantised, '--groups', '8', '--merge', 'first', '--out', out);
    const text = 'It was a dark and stormy night';
    expect(await run('compare', quantised, out, '--text', text)).toMatchObject({ top1Agreement: 1 });
    const { klMean } = (await run('compare', quantised, sample, '--text', text)) as { klMean: number };
    expect(klMean).toBeGreaterThan(0);
    expect(klMean).toBeLessThan(1e-2);
  });
});

describe('convert, then forward', () => {
  it.each(['mean', 'first'].flatMap((merge) => [8, 4, 2, 1].map((G) => [merge, G] as const)))(
    't5 by %s to %d groups equals the golden, and leaves the encoder byte for byte',
    async (merge, G) => {
      const out = join(folder(), `t5-${merge}-${G}`);
      const file = `${out}.safetensors`;
      const tokens = await goldenOf('t5');
      const inputs = ['--ids', (await tokens.ids('input_ids')).join()];
      const decoder = ['--decoder-ids', (await tokens.ids('decoder_input_ids')).join()];
      const written = await run('convert', join(fixtures, 't5'), '--groups', String(G), '--merge', merge, '--out', out);
      expect(written).toMatchObject({ groups: { before: 8, after: G }, repeatsHeads: G < 8 });
      await run('forward', out, ...inputs, ...decoder, '--out', file);
      const golden = await Golden.open(join(fixtures, 't5', 'golden-conversions.safetensors'));
      const found = await Golden.open(file);
      const names = ['encoder.0', 'decoder.0', 'cross.0', 'decoder.1', 'cross.1'].map((name) => `attn.${name}`);
      expect(relativeL2(await found.floats('logits'), await golden.floats(`${merge}.${G}.logits`))).toBeLessThan(1e-4);
      for (const name of names) {
        const expected = await golden.floats(`${merge}.${G}.${name}`);
        expect(maxDifference(await found.floats(name), expected)).toBeLessThan(1e-4);
      }
      const key = 'encoder.block.1.layer.0.SelfAttention.k.weight';
      const [stored, original] = [await Golden.open(out), await Golden.open(join(fixtures, 't5'))];
      expect(await stored.floats(key)).toEqual(await original.floats(key));
    },
  );

  const cases = ['llama-mha', 'gpt2'].flatMap((name) =>
    ['mean', 'first'].flatMap((merge) => [8, 4, 2, 1].map((G) => [name, merge, G] as const)),
  );

  it.each(cases)('%s by %s to %d groups equals the golden', async (name, merge, G) => {
    const out = join(folder(), `${name}-${merge}-${G}`);
    const file = `${out}.safetensors`;
    const ids = await (await goldenOf(name)).ids('input_ids');
    const written = await run('convert', join(fixtures, name), '--groups', String(G), '--merge', merge, '--out', out);
    expect(written).toMatchObject({ groups: { before: 8, after: G }, repeatsHeads: name === 'gpt2' && G < 8 });
    await run('forward', out, '--ids', ids.join(), '--out', file);
    const golden = await Golden.open(join(fixtures, name, 'golden-conversions.safetensors'));
    const found = await Golden.open(file);
    expect(relativeL2(await found.floats('logits'), await golden.floats(`${merge}.${G}.logits`))).toBeLessThan(1e-4);
    for (let layer = 0; layer < 2; layer++) {
      const expected = await golden.floats(`${merge}.${G}.attn.${layer}`);
      expect(maxDifference(await found.floats(`attn.${layer}`), expected)).toBeLessThan(1e-4);
    }
  });
});

describe('convert with a text', () => {
  it('solves on it, measures on another, tells both in the folder, and replaces the folder on request', async () => {
    const [solve, measure] = [join(folder(), 'solve.txt'), join(folder(), 'measure.txt')];
    await writeFile(solve, 'The stranger came early in February, one wintry day, through a biting wind. '.repeat(20));
    await writeFile(measure, 'Holmes took his bottle from the corner of the mantelpiece. '.repeat(20));
    const out = join(folder(), 'solved');
    const windows = ['--windows', '2', '--window-size', '32'];
    const method = ['--groups', '4', '--merge', 'pca-text', '--calibrate', solve, '--calibrate-tokens', '128'];
    const to = ['--out', out, '--dtype', 'f32', '--measure', measure, ...windows];
    const written = (await run('convert', sample, ...method, ...to)) as {
      measures: { b: { loss: number }; klMean: number };
    };
    expect(written).toMatchObject({ calibration: '128 tokens of solve.txt', dtype: { before: 'BF16', after: 'F32' } });
    const compared = await run('compare', sample, out, '--text-file', measure, ...windows, '--no-layers');
    const found = compared as typeof written.measures;
    expect(written.measures.b.loss).toBeCloseTo(found.b.loss, 4);
    expect(written.measures.klMean).toBeCloseTo(found.klMean, 4);
    const readme = await readFile(join(out, 'README.md'), 'utf8');
    expect(readme).toContain('| solved on | 128 tokens of solve.txt |');
    expect(readme).toContain(`64 tokens of measure.txt`);
    // The text makes the difference: the same without one is another model. And it takes the folder's place.
    const again = await run('convert', sample, '--groups', '4', '--merge', 'pca', ...to, '--overwrite');
    expect(again).toMatchObject({ calibration: null, merge: 'pca' });
    expect((again as typeof written).measures.klMean).not.toBeCloseTo(written.measures.klMean, 3);
    expect(await readFile(join(out, 'README.md'), 'utf8')).toContain('weights alone');
  });
});
