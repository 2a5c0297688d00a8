// Reports on the GPU: what lies in the file is what the engine says, and equal runs make equal files.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { reportLimit, writeReport } from '../../src/engine/report/report';
import { defaultDiffUi, defaultExplorerUi } from '../../src/protocol/defaults';
import type { CompareSummary } from '../../src/protocol/measures';
import { unpackValue } from '../../src/protocol/packedValues';
import { reportIds, type ReportContent, type ReportRequest, type ReportSummary } from '../../src/protocol/report';
import { sideViews, usualSides } from '../../src/protocol/sides';
import { quietTask } from '../../src/protocol/tasks';
import { Records } from '../../webview/report/records';
import { gqaLens } from '../unit/cli/collect';
import { fixtures, sample } from './support/golden';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-report-'));
});
afterAll(async () => {
  core.destroy();
  await rm(folder, { recursive: true, force: true });
});

const model = join(fixtures, 'llama-mha');
const input = { kind: 'ids' as const, ids: [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8] };

/** What panels would show of a tiny checkpoint under a conversion. */
async function requestOf(file: string): Promise<ReportRequest & { compare: CompareSummary }> {
  const summary = await core.open(model, quietTask);
  const { modelId } = summary;
  const conversion = {
    G: 2,
    grouping: 'contiguous',
    merge: 'mean',
    calibration: { file: '/home/me/secret/a.txt', tokens: 9 },
  };
  const original = await core.run({ modelId, input, conversion: null, maxTokens: 64 }, quietTask);
  const converted = await core.run({ modelId, input, conversion, maxTokens: 64 }, quietTask);
  const compare = await core.compare(original.runId, converted.runId, quietTask);
  const grouping = await core.grouping(modelId, conversion, quietTask);
  const state = { modelPath: '/home/me/secret/model', text: '', decoderText: '', conversion };
  const registries = core.registries();
  const common = { model: summary, registries, gpu: null, compare, busy: null, problem: null };
  return {
    modelId,
    explorer: {
      ...common,
      state: { ...state, ui: defaultExplorerUi(summary, registries) },
      grouping,
      original,
      converted,
    },
    comparison: {
      ...{ compare, ui: defaultDiffUi(summary), measures: null },
      sides: sideViews(usualSides, { model: summary, conversion, registries }),
    },
    sweeps: [],
    language: 'de-at',
    file: join(folder, file),
    overwrite: false,
    compare,
  };
}

/** The parts of a file, as a browser reads them. */
async function open(file: string): Promise<{ html: string; records: Records; parts: string[] }> {
  const html = await readFile(file, 'utf8');
  const texts = new Map<string, string>();
  for (const [, name = '', text = ''] of html.matchAll(/data-part="([^"]*)">([^<]*)</g)) texts.set(name, text);
  const read = (name: string): unknown => {
    const text = texts.get(name);
    return text === undefined ? null : unpackValue(Uint8Array.from(gunzipSync(Buffer.from(text, 'base64'))));
  };
  const content = read(reportIds.content) as ReportContent;
  return { html, records: new Records(content, (name) => Promise.resolve(read(name))), parts: [...texts.keys()] };
}

describe('a report', () => {
  let request: Awaited<ReturnType<typeof requestOf>>;
  let records: Records;
  let html: string;

  beforeAll(async () => {
    request = await requestOf('one.html');
    await writeReport(core, request, quietTask);
    ({ records, html } = await open(request.file));
  });

  it('answers with the engine’s numbers', async () => {
    const { original, converted } = request.explorer;
    const heads = [2, 3];
    for (const [side, run] of [
      ['original', original],
      ['converted', converted],
    ] as const) {
      const runId = run?.runId ?? '';
      for (const layer of [0, 1]) {
        const group = { layer, heads: [0, 1, 2, 3] };
        expect(await records.attention({ ...group, runId: side })).toEqual(
          await core.attention({ ...group, runId }, quietTask),
        );
        const { members, statistics } = await core.attention({ runId, layer, heads }, quietTask);
        expect(await records.attention({ runId: side, layer, heads })).toMatchObject({ members, statistics });
        const row = { layer, heads, query: 7 };
        expect(await records.attentionRow({ ...row, runId: side })).toEqual(
          await core.attentionRow({ ...row, runId }, quietTask),
        );
      }
      expect(await records.answer('headStatistics', { runId: side, layer: 1 })).toEqual(
        await core.headStatistics({ runId, layer: 1 }, quietTask),
      );
    }
    expect(records.content.explorer.compare?.klPerToken).toEqual(request.compare.klPerToken);
    const { a, b } = await records.predictions({ runA: 'original', runB: 'converted', position: 5, count: 5 });
    expect(a).toEqual(await core.predictions(original?.runId ?? '', 5, 5, quietTask));
    expect(b).toEqual(await core.predictions(converted?.runId ?? '', 5, 5, quietTask));
  });

  it('answers the questions that its pages put', async () => {
    const { explorer, diff } = records.content;
    const { modelId } = explorer.model;
    const { conversion } = explorer.state;
    const similarity = {
      modelId,
      layer: 1,
      on: 'activations',
      target: 'v',
      measure: 'aligned',
      conversion,
      runId: 'original',
    };
    expect(await records.answer('similarity', similarity)).toEqual(
      await core.similarity(
        {
          ...similarity,
          on: 'activations',
          target: 'v',
          modelId: request.modelId,
          conversion: request.explorer.state.conversion,
          runId: request.explorer.original?.runId ?? '',
        },
        quietTask,
      ),
    );
    await expect(
      records.answer('headDamage', { modelId, runId: 'original', layer: 0, conversion }),
    ).resolves.toBeDefined();
    await expect(records.answer('headDivergence', 'original', 'converted', 1)).resolves.toBeDefined();
    expect((await records.continuations()).a.ids).toHaveLength(24);
    expect(diff?.measures.result?.klMean).toBeCloseTo(request.compare.klMean, 5);
    expect(diff?.measures.result?.layers).toHaveLength(2);
  });

  it('tells no path of the machine', () => {
    const { explorer, diff } = records.content;
    expect(/secret|home|fixtures/.exec(JSON.stringify([explorer, diff]))).toBeNull();
    expect(explorer.state.conversion.calibration?.file).toBe('a.txt');
  });

  it('is the same of equal runs but for date and times', async () => {
    const again = await requestOf('two.html');
    await writeReport(core, again, quietTask);
    const content = (text: string): string => text.replace(/(?<=id="gqa-lens-report">)[^<]*/, '');
    const other = (await open(again.file)).html;
    // Not by toBe, which would print both.
    expect(content(other) === content(html)).toBe(true);
  });

  it('is never larger than it may be, and says what is left out', async () => {
    const empty =
      html.length -
      [...html.matchAll(/data-part="(?:maps|weights|scores)[^"]*">([^<]*)/g)].reduce(
        (sum, [, text = '']) => sum + text.length,
        0,
      );
    const limit = empty + 9000;
    const file = join(folder, 'small.html');
    const { bytes, leftOut } = await writeReport(core, { ...request, file }, quietTask, limit);
    expect(bytes).toBe((await stat(file)).size);
    expect(bytes).toBeLessThanOrEqual(limit);
    expect(leftOut.join(' ')).toMatch(/Exact weights of .*layer/);
    const small = await open(file);
    expect(small.records.content.leftOut.map(({ kind }) => kind)).toContain('parts');
    expect(small.records.content.leftOut).toHaveLength(leftOut.length);
    expect(small.parts.length).toBeLessThan(13);
  });

  it('replaces nothing but a report, and that when it is told to', async () => {
    await expect(writeReport(core, request, quietTask)).rejects.toMatchObject({ code: 'output-exists' });
    const file = join(folder, 'mine.html');
    await writeFile(file, '<p>mine</p>');
    const wanted = { ...request, file, overwrite: true };
    await expect(writeReport(core, wanted, quietTask)).rejects.toThrow(/Only reports are overwritten.*mine\.html/);
    expect(await readFile(file, 'utf8')).toBe('<p>mine</p>');
  });

  it('is not begun when it is cancelled, and leaves no file behind', async () => {
    const file = join(folder, 'cancelled.html');
    const cancelled = { signal: AbortSignal.abort(), report: () => undefined };
    await expect(writeReport(core, { ...request, file }, cancelled)).rejects.toThrow();
    await expect(stat(file)).rejects.toThrow();
  });
});

describe('gqa-lens report', () => {
  it('writes the sample with a conversion in less than 20 MB', async () => {
    const file = join(folder, 'sample.html');
    const text = 'Sherlock Holmes took his bottle from the corner';
    const args = ['report', sample, '--text', text, '--groups', '2', '--out', file, '--json'];
    const { code, stdout } = await gqaLens(args);
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as ReportSummary;
    expect(summary).toMatchObject({ file, pages: ['explorer', 'comparison'], bytes: (await stat(file)).size });
    expect(summary.bytes).toBeLessThan(reportLimit);
    const { records } = await open(file);
    expect(records.content.explorer.original?.tokens.map((token) => token.text).join('')).toBe(text);
    expect(records.content.explorer.grouping.G).toBe(2);
  });

  it('is in English unless another language is asked for that there is', async () => {
    const file = join(folder, 'german.html');
    const args = ['report', model, '--ids', '1,2,3,4', '--out', file, '--overwrite'];
    expect((await gqaLens(args)).code).toBe(0);
    const english = await readFile(file, 'utf8');
    expect(/<html lang="(.*?)">/.exec(english)?.[1]).toBe('en');
    expect(english.includes('id="messages"')).toBe(false);
    expect((await gqaLens([...args, '--language', 'de'])).code).toBe(0);
    const german = await readFile(file, 'utf8');
    expect(/<html lang="(.*?)">/.exec(german)?.[1]).toBe('de');
    const messages = JSON.parse(/id="messages">(.*?)<\/script>/.exec(german)?.[1] ?? '{}') as Record<string, string>;
    expect(messages.Comparison).toBe('Vergleich');
    expect(german.length - english.length).toBeLessThan(60_000);
    const unknown = await gqaLens([...args, '--language', 'xx']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/Allowed choices are en, de/);
  });

  it('holds the sides of the comparison, whatever they are', async () => {
    const file = join(folder, 'sides.html');
    const child = join(folder, 'child');
    const converted = ['--groups', '2', '--merge', 'mean'];
    expect((await gqaLens(['convert', model, ...converted, '--out', child])).code).toBe(0);
    const args = ['report', model, '--ids', '3,1,4,1,5', '--out', file];
    const both = await gqaLens([...args, child]);
    expect(both, both.stderr).toMatchObject({ code: 0 });
    const { records, parts } = await open(file);
    const { diff, explorer } = records.content;
    expect(explorer).toMatchObject({ converted: null, compare: null });
    expect([diff?.sides.a.name, diff?.sides.b.name]).toEqual(['llama-mha (MHA)', 'child (GQA-2)']);
    expect(diff?.state.sides.b).toEqual({ kind: 'checkpoint', path: 'child' });
    expect([diff?.compare?.a, diff?.compare?.b]).toMatchObject([
      { runId: 'original', modelId: 'model' },
      { runId: 'b', modelId: 'other-b' },
    ]);
    expect(JSON.stringify(diff)).not.toContain(folder);
    expect(parts.filter((name) => name.startsWith('maps'))).toHaveLength(4);
    // The conversion in memory and the one that was written are the same model.
    const memory = join(folder, 'memory.html');
    expect((await gqaLens([...args.slice(0, -1), memory, ...converted])).code).toBe(0);
    const other = (await open(memory)).records;
    const row = { layer: 1, heads: [5], query: 4 };
    const expected = (await other.attentionRow({ ...row, runId: 'converted' })).weights;
    const { weights } = await records.attentionRow({ ...row, runId: 'b' });
    weights.forEach((weight, key) => expect(weight).toBeCloseTo(expected[key] ?? NaN, 4));
    await expect(records.answer('headDivergence', 'original', 'b', 1)).resolves.toBeDefined();
    await expect(records.predictions({ runA: 'original', runB: 'b', position: 2, count: 3 })).resolves.toMatchObject({
      b: { length: 3 },
    });
    const refused = await gqaLens([...args, child, '--groups', '2']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/either a second checkpoint or --groups/);
  });

  it('records no maps that no page shows, and nothing that cannot be compared', async () => {
    const file = join(folder, 'streams.html');
    const args = ['report', model, '--ids', '3,1,4', '--out', file];
    // Of four layers, against two: losses and predictions can be compared, and no page shows its maps.
    const deeper = await gqaLens([...args, join(fixtures, 'smollm3')]);
    expect(deeper, deeper.stderr).toMatchObject({ code: 0 });
    const { records, parts } = await open(file);
    expect(parts.filter((name) => /^(maps|weights|scores) /.test(name) && !name.includes('original'))).toEqual([]);
    expect(records.content.diff?.compare?.klPerToken).toHaveLength(3);
    await expect(records.answer('headDivergence', 'original', 'b', 0)).rejects.toMatchObject({ code: 'not-recorded' });
    const unlike = await gqaLens([...args, join(fixtures, 't5'), '--overwrite']);
    expect(unlike.code).toBe(1);
    expect(unlike.stderr).toMatch(/do not read a text in the same way/);
  });

  it('shows a checkpoint as it is without --groups, and refuses a sweep of another one', async () => {
    const file = join(folder, 'plain.html');
    const { code } = await gqaLens(['report', model, '--ids', '1,2,3,4', '--out', file]);
    expect(code).toBe(0);
    const { records } = await open(file);
    expect(records.content.diff).toBeNull();
    const sweep = join(folder, 'sweep.json');
    const swept = ['sweep', join(fixtures, 'llama-gqa'), '--ids', '1,2,3,4', '--merge', 'mean', '--out', sweep];
    expect((await gqaLens(swept)).code).toBe(0);
    const out = join(folder, 'swept.html');
    const refused = await gqaLens(['report', model, '--ids', '1,2', '--sweep', sweep, '--out', out]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/sweep is of another checkpoint/);
    const taken = await gqaLens([
      'report',
      join(fixtures, 'llama-gqa'),
      '--ids',
      '1,2',
      '--sweep',
      sweep,
      '--out',
      out,
    ]);
    expect(taken.code).toBe(0);
    expect((await open(out)).records.content.sweep?.rows.length).toBeGreaterThan(1);
  });
});
