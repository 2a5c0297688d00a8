// Sweeps without a GPU: which rows a request means, when rows belong together, what files hold and what they never overwrite.
import { mkdtemp, readdir, readFile, rm, utimes, writeFile, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineCore } from '../../../src/engine/core';
import { toCsv, fromCsv } from '../../../src/engine/sweep/csv';
import { openSweepFile, readSweepFile } from '../../../src/engine/sweep/file';
import { differences, modelHash, tokensHash } from '../../../src/engine/sweep/identity';
import { completeRequest, planSweep } from '../../../src/engine/sweep/plan';
import { fromHtml, toHtml } from '../../../src/engine/sweep/html';
import { fromJson, toJson } from '../../../src/engine/sweep/saved';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { toErrorValue, type ErrorValue } from '../../../src/protocol/errors';
import type { SweepRequest, SweepResult, SweepRow, SweepText } from '../../../src/protocol/sweep';
import { quietTask } from '../../../src/protocol/tasks';

const request: SweepRequest = {
  text: { kind: 'tokens', windows: [[1, 2, 3]] },
  groups: [],
  groupings: ['contiguous'],
  merges: ['mean', 'first'],
  timedTokens: 0,
};

function row(change: Partial<SweepRow> = {}): SweepRow {
  return {
    ...{ G: 2, grouping: 'contiguous', merge: 'mean', loss: 3.25, perplexity: Math.exp(3.25), klMean: 0.1 + 0.2 },
    ...{ top1Agreement: 0.5, kvCacheBytesPerToken: 1536, parameters: 5_283_072, millisecondsPerToken: null },
    ...{ solveMilliseconds: 1e-7, measureMilliseconds: 12.5, adapter: 'llvmpipe: Mesa, "25"', error: null },
    ...change,
  };
}

const result: SweepResult = {
  identity: { version: '1.0.0', model: 'aa', text: 'bb', calibration: null },
  model: { name: 'a,"model"', path: '/models/a', familyTitle: 'Llama', L: 2, D: 64, H: 8, G: 8, K: 8, dtype: 'F32' },
  text: { name: '=cell\nwith lines', tokens: 6, windows: 2, windowSize: 3 },
  calibration: null,
  request,
  methods: { groupings: [], merges: [] },
  rows: [
    row({ G: 8, grouping: null, merge: null }),
    row(),
    row({ G: 1, loss: null, error: 'too large, "much"\nindeed' }),
  ],
  missing: [{ G: 4, grouping: 'contiguous', merge: 'mean' }],
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-sweep-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function thrownBy(work: () => unknown): ErrorValue {
  try {
    work();
  } catch (error) {
    return toErrorValue(error);
  }
  throw new Error('nothing was thrown');
}

const errorOf = (work: Promise<unknown>): Promise<ErrorValue> =>
  work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => toErrorValue(error),
  );

describe('the rows of a request', () => {
  it('are the original, then method by method with fewer and fewer heads', () => {
    const complete = completeRequest({ ...request, groups: [1, 8, 2, 2] }, 8);
    expect(complete.groups).toEqual([2, 1]);
    expect(planSweep(complete, 8).map(({ G, merge }) => `${merge ?? 'original'} ${G}`)).toEqual([
      'original 8',
      ...['mean 2', 'mean 1', 'first 2', 'first 1'],
    ]);
  });

  it('have every divisor where none is named', () => {
    expect(completeRequest(request, 12).groups).toEqual([6, 4, 3, 2, 1]);
  });

  it.each([
    [{ groups: [3] }, 'conversion-invalid', /one of 8, 4, 2, 1/],
    [{ groups: [0] }, 'conversion-invalid', /found 0/],
    [{ groups: [2.5] }, 'conversion-invalid', /found 2.5/],
    [{ merges: ['median'] }, 'conversion-invalid', /no merge called "median"/],
    [{ merges: [] }, 'input-invalid', /at least one/],
    [{ groupings: ['manual'] }, 'conversion-invalid', /makes its groups itself/],
  ])('are refused with a reason: %j', (change, code, message) => {
    const error = thrownBy(() => completeRequest({ ...request, ...change }, 8));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe('the text of a request', () => {
  const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 20 });
  const plan = async (path: string, change: Partial<SweepRequest>): Promise<SweepResult> => {
    const { modelId } = await core.open(path, quietTask);
    return core.planSweep(modelId, { ...request, ...change }).finally(() => core.close(modelId));
  };

  it('is cut into windows; the bundled excerpt leaves out what methods are solved on', async () => {
    const text = { kind: 'file', file: null, windows: 2, windowSize: 64 } as const;
    const { text: tokens, calibration, missing } = await plan('media/sample', { text });
    expect(tokens).toMatchObject({ tokens: 128, windows: 2, windowSize: 64 });
    expect(tokens.name).toMatch(/after its first 8192 tokens/);
    expect(calibration).toMatchObject({ tokens: 8192 });
    expect(missing).toHaveLength(1 + 2 * 3);
  });

  it('is another one when its windows are, and the same one under another name', async () => {
    const file = join(folder, 'text.txt');
    const copy = join(folder, 'copy.txt');
    const words = 'The stranger came early in February, one wintry day. '.repeat(40);
    await Promise.all([writeFile(file, words), writeFile(copy, `${words}More that no window reaches.`)]);
    const identity = async (path: string, windows: number) =>
      (await plan('media/sample', { text: { kind: 'file', file: path, windows, windowSize: 32 } })).identity;
    const one = await identity(file, 2);
    expect(differences(one, await identity(copy, 2))).toEqual([]);
    expect(differences(one, await identity(file, 3))).toEqual(['the text or its windows']);
  });

  it.each<[SweepText, string, RegExp]>([
    [{ kind: 'tokens', windows: [[1, 112]] }, 'input-invalid', /0 to 111.*found 112/],
    [{ kind: 'tokens', windows: [] }, 'input-invalid', /windows of token ids/],
    [{ kind: 'file', file: null, windows: 1, windowSize: null }, 'tokenizer-missing', /tokenizer.json/],
  ])('is refused with a reason: %j', async (text, code, message) => {
    const error = await errorOf(plan('test/fixtures/llama-mha', { text }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe('a model’s fingerprint', () => {
  it('changes with its files, not with its place', async () => {
    const hashOf = async (path: string): Promise<string> => {
      const checkpoint = await openCheckpoint(path);
      return modelHash(checkpoint).finally(() => checkpoint.close());
    };
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    for (const copy of [one, other]) {
      await cp('test/fixtures/gpt2', copy, { recursive: true });
      await utimes(join(copy, 'model.safetensors'), 1e9, 1e9);
    }
    expect(await hashOf(one)).toBe(await hashOf(other));
    await utimes(join(other, 'model.safetensors'), 1e9, 1e9 + 1);
    expect(await hashOf(one)).not.toBe(await hashOf(other));
  });

  it('of tokens depends on how they are cut', () => {
    expect(tokensHash([[1, 2], [3]])).not.toBe(tokensHash([[1], [2, 3]]));
  });
});

describe('formats', () => {
  it('JSON holds everything', () => {
    expect(fromJson(toJson(result))).toMatchObject({ ...result });
  });

  it('CSV holds the rows to the last bit, whatever is in their texts', () => {
    const text = toCsv(result);
    expect(text.split('\n')[0]).toMatch(/^model,G,grouping,merge,loss,/);
    expect(text).toContain('"a,""model"""');
    expect(fromCsv(text)).toEqual({ identity: result.identity, rows: result.rows });
  });

  it('HTML holds everything in one file that loads nothing, whatever is in its texts', () => {
    const name = 'a</script><script>alert(1)</script>';
    const page = toHtml({ ...result, model: { ...result.model, name } });
    expect(fromHtml(page)?.model.name).toBe(name);
    expect(fromHtml(page)?.rows).toEqual(result.rows);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/(src|href)="?http/);
    expect(fromHtml('<p>another page</p>')).toBeNull();
  });

  it.each([
    ['cut off', toJson(result).slice(0, -40)],
    ['another JSON', '{"rows": []}'],
    ['a damaged row', toJson(result).replace('"loss": 3.25', '"loss": "low"')],
    ['nothing', ''],
  ])('JSON that is %s is not read', (_what, text) => {
    expect(fromJson(text)).toBeNull();
  });

  it.each([
    ['another table', 'a,b\n1,2\n'],
    ['a damaged number', toCsv(result).replace('3.25', 'low')],
    ['two sweeps', toCsv(result) + (toCsv(result).split('\n')[1] ?? '').replace(',bb,', ',cc,')],
  ])('CSV that is %s is not read', (_what, text) => {
    expect(fromCsv(text)).toBeNull();
  });
});

describe('the file of a sweep', () => {
  it.each(['result.json', 'result.csv', 'result.html'])('goes on from what an earlier run left: %s', async (name) => {
    const file = join(folder, 'new', name);
    const first = await openSweepFile(file, result.identity, 'refuse');
    expect(first.rows).toEqual([]);
    await first.write({ ...result, rows: [] });
    expect((await openSweepFile(file, result.identity, 'resume')).rows).toEqual([]);
    await first.write({ ...result, rows: result.rows.slice(0, 1) });
    await first.write(result);
    expect((await openSweepFile(file, result.identity, 'resume')).rows).toEqual(result.rows);
    expect(await readdir(join(folder, 'new'))).toEqual([name]);
  });

  it('is a page in the language that was asked for', async () => {
    const page = join(folder, 'german.html');
    await (await openSweepFile(page, result.identity, 'refuse', 'de')).write(result);
    expect(await readFile(page, 'utf8')).toContain('<html lang="de">');
    expect((await openSweepFile(page, result.identity, 'resume', 'de')).rows).toEqual(result.rows);
  });

  it('is never overwritten unasked: neither a sweep, nor another sweep, nor anything else', async () => {
    const file = join(folder, 'result.json');
    await writeFile(file, toJson(result));
    const other = { ...result.identity, model: 'zz', text: 'zz' };
    expect(await errorOf(openSweepFile(file, result.identity, 'refuse'))).toMatchObject({ code: 'output-exists' });
    const apart = await errorOf(openSweepFile(file, other, 'resume'));
    expect(apart).toMatchObject({ code: 'output-exists', detail: { file } });
    expect(apart.message).toMatch(/differs in the model, the text or its windows/);
    const notes = join(folder, 'notes.csv');
    await writeFile(notes, 'my notes');
    expect((await errorOf(openSweepFile(notes, other, 'resume'))).message).toMatch(/no sweep that can be read/);
    expect(await readFile(notes, 'utf8')).toBe('my notes');
    await (await openSweepFile(file, other, 'replace')).write({ ...result, identity: other });
    expect((await readSweepFile(file)).identity).toEqual(other);
  });

  it('keeps the old text when the new one cannot be written', async () => {
    const blocked = join(folder, 'blocked.json');
    await cp('test/fixtures/gpt2', blocked, { recursive: true });
    const file = await openSweepFile(blocked, result.identity, 'replace');
    expect((await errorOf(file.write(result))).code).toBe('input-invalid');
    expect(await readdir(folder)).toEqual(['blocked.json']);
  });

  it('has an ending that says its format', async () => {
    const error = await errorOf(openSweepFile(join(folder, 'result.xlsx'), result.identity, 'refuse'));
    expect(error.message).toMatch(/expected \.json, \.csv, \.html.*found \.xlsx/);
  });
});
