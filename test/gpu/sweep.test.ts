/** Sweeps on the GPU: the numbers are compare's, a failing row does not stop them, what is there is not computed again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { TextMeasurer } from '../../src/engine/measure';
import { readSweepFile } from '../../src/engine/sweep/file';
import { merges } from '../../src/gqa/merge';
import { toErrorValue } from '../../src/protocol/errors';
import type { SweepRequest, SweepResult, SweepRow } from '../../src/protocol/sweep';
import { quietTask } from '../../src/protocol/tasks';
import { fixtures } from './support/golden';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
const windows = [12, 9].map((count, window) => Array.from({ length: count }, (_, s) => (s * 7 + window) % 100));
const request: SweepRequest = {
  text: { kind: 'tokens', windows },
  groups: [4, 1],
  groupings: ['contiguous', 'strided'],
  merges: ['mean', 'aligned'],
  timedTokens: 0,
};

let folder = '';
let modelId = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-sweep-gpu-'));
  ({ modelId } = await core.open(join(fixtures, 'llama-mha'), quietTask));
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  core.destroy();
  await rm(folder, { recursive: true, force: true });
});

const nameOf = ({ G, grouping, merge }: SweepRow): string => `${merge ?? 'original'} ${grouping ?? ''} ${G}`;

/** Runs a sweep; tells the results as they came. */
async function sweep(change: Partial<SweepRequest> = {}, file: string | null = null): Promise<SweepResult[]> {
  const told: SweepResult[] = [];
  const out = file === null ? null : { file, existing: 'resume' as const };
  await core.sweep(modelId, { ...request, ...change }, out, (result) => told.push(result), quietTask);
  return told;
}

describe('a sweep', () => {
  it('tells row after row the numbers that a comparison gives', async () => {
    const told = await sweep();
    expect(told.map(({ rows }) => rows.length)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const { rows, missing } = told.at(-1) ?? { rows: [], missing: null };
    expect(missing).toEqual([]);
    expect(rows.map(nameOf)).toEqual([
      'original  8',
      ...['mean contiguous 4', 'mean contiguous 1', 'mean strided 4', 'mean strided 1'],
      ...['aligned contiguous 4', 'aligned contiguous 1', 'aligned strided 4', 'aligned strided 1'],
    ]);
    expect(rows[0]).toMatchObject({ klMean: 0, top1Agreement: 1 });
    for (const row of [rows[0], rows[1], rows[7]]) {
      if (!row) throw new Error('a row is missing');
      const { G, grouping, merge } = row;
      const conversion = grouping === null || merge === null ? null : { G, grouping, merge };
      const a = { modelId, conversion: null };
      const compared = await core.measure(
        { a, b: { modelId, conversion }, windows, detail: false, timedTokens: 0 },
        quietTask,
      );
      expect(row.loss).toBeCloseTo(compared.b.loss ?? NaN, 6);
      expect(row.perplexity).toBeCloseTo(compared.b.perplexity ?? NaN, 3);
      expect(row.klMean).toBeCloseTo(compared.klMean, 6);
      expect(row.top1Agreement).toBe(compared.top1Agreement);
      expect(row.kvCacheBytesPerToken).toBe(compared.b.kvCacheBytesPerToken);
      expect(row.parameters).toBe(compared.b.parameters);
    }
  });

  it('measures methods that come to the same once', async () => {
    const measure = vi.spyOn(TextMeasurer.prototype, 'measure');
    const rows = (await sweep({ groups: [1], merges: ['mean'] })).at(-1)?.rows ?? [];
    expect(measure).toHaveBeenCalledTimes(2);
    expect(rows.map(nameOf)).toEqual(['original  8', 'mean contiguous 1', 'mean strided 1']);
    expect(rows[2]?.loss).toBe(rows[1]?.loss);
  });

  it('keeps what is finished when it is cancelled, and computes only the rest afterwards', async () => {
    const file = join(folder, 'resumed.csv');
    const controller = new AbortController();
    const cancelled = core.sweep(
      modelId,
      request,
      { file, existing: 'refuse' },
      ({ rows }) => rows.length === 3 && controller.abort(),
      { signal: controller.signal, report: () => undefined },
    );
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    const measure = vi.spyOn(TextMeasurer.prototype, 'measure');
    const told = await sweep({ merges: ['mean', 'first'] }, file);
    // Of mean's four rows two were there; first has four, one of them twice.
    expect(measure).toHaveBeenCalledTimes(2 + 3);
    expect(told[0]?.rows).toHaveLength(3);
    expect(told.at(-1)?.rows).toHaveLength(9);
    measure.mockClear();
    const whole = (await sweep({ merges: ['mean', 'first'] }, file)).at(-1);
    expect(measure).not.toHaveBeenCalled();
    const fresh = (await sweep({ merges: ['mean', 'first'] })).at(-1);
    whole?.rows.forEach((row, index) => expect(row.loss).toBeCloseTo(fresh?.rows[index]?.loss ?? NaN, 5));
  });

  it('tells why a row failed, goes on, and tries it again', async () => {
    const file = join(folder, 'failing.json');
    const [text, plain] = [merges.find(({ needsText }) => needsText), merges.find(({ id }) => id === 'mean')];
    if (!text || !plain) throw new Error('the registry has neither');
    // The fixture has no tokenizer, so a method that needs a text cannot be solved.
    const change = { merges: [text.id, plain.id], groupings: ['contiguous'], groups: [2] };
    const last = (await sweep(change, file)).at(-1);
    const failed = last?.rows.filter(({ error }) => error !== null) ?? [];
    expect(failed).toMatchObject([{ G: 2, merge: text.id, loss: null }]);
    expect(failed[0]?.error).toMatch(/tokenizer/);
    expect(last?.rows.filter(({ loss }) => loss !== null)).toHaveLength(2);
    expect(await readSweepFile(file)).toMatchObject({ rows: last?.rows, missing: [] });
    const again = await sweep(change, file);
    expect(again[0]?.missing).toMatchObject([{ merge: text.id }]);
    expect(again).toHaveLength(2);
  });

  it('times decoding when asked, for rows that have no time yet', async () => {
    const file = join(folder, 'timed.json');
    const change = { merges: ['mean'], groupings: ['contiguous'], groups: [1] };
    await sweep(change, file);
    const timed = (await sweep({ ...change, timedTokens: 2 }, file)).at(-1)?.rows ?? [];
    expect(timed).toHaveLength(2);
    for (const { millisecondsPerToken } of timed) expect(millisecondsPerToken).toBeGreaterThan(0);
  });

  it('needs an original that can be measured', async () => {
    const error = await sweep({ text: { kind: 'tokens', windows: [Array.from({ length: 4 }, () => 999)] } }).catch(
      toErrorValue,
    );
    expect(error).toMatchObject({ code: 'input-invalid' });
  });
});
