/**
 * Two finished runs side by side.
 * Role: says whether they can be compared at all, and compares their predictions. Whole texts are measure.ts, maps of a
 * pair are runMaps.ts; whether another model fits before anything is run is together.ts.
 */
import { compareRows } from '../model/rowNumbers';
import { decoderTokens, encoderTokens, sameTokens } from '../model/tokens';
import { GqaLensError } from '../protocol/errors';
import type { CompareSummary } from '../protocol/measures';
import { comparable } from '../protocol/sides';
import type { TaskContext } from '../protocol/tasks';
import type { Tokens } from '../protocol/tokens';
import type { ReadyGpu } from './gpu';
import { checkIndex } from './indices';
import type { RunRegistry, StoredRun } from './runs';

/** @throws GqaLensError unknown-id; input-invalid when the runs are not of the same tokens and vocabulary */
export function runPair(runs: RunRegistry, runA: string, runB: string): [StoredRun, StoredRun] {
  const a = runs.get(runA);
  const b = runs.get(runB);
  const [V, otherV] = [a.kept.source.spec.V, b.kept.source.spec.V];
  if (V !== otherV) {
    throw new GqaLensError('input-invalid', 'Two runs can be compared on the same vocabulary only', {
      expected: `${V} tokens, as ${a.summary.modelName}`,
      found: `${otherV} tokens in ${b.summary.modelName}`,
      next: 'Choose a checkpoint with the same tokenizer.',
    });
  }
  if (!sameTokens(a.kept.tokens, b.kept.tokens)) {
    throw new GqaLensError('input-invalid', 'Two runs can be compared on the same tokens only', {
      expected: describeTokens(a.kept.tokens),
      found: describeTokens(b.kept.tokens),
      next: 'Run both on the same text.',
    });
  }
  return [a, b];
}

/**
 * Two runs whose maps of a layer can be compared head by head.
 * @throws GqaLensError as `runPair` does, and input-invalid when there is no such layer or heads do not correspond
 */
export function correspondingRuns(
  runs: RunRegistry,
  runA: string,
  runB: string,
  layer: number,
): [StoredRun, StoredRun] {
  const [a, b] = runPair(runs, runA, runB);
  const [one, two] = [a.kept.source.spec, b.kept.source.spec];
  checkIndex('layer', layer, one.L);
  if (!comparable(one, two).heads) {
    throw new GqaLensError('input-invalid', 'The heads of the two models do not correspond', {
      expected: `${one.L} layers of ${one.H} query heads, as in ${a.summary.modelName}`,
      found: `${two.L} layers of ${two.H} in ${b.summary.modelName}`,
    });
  }
  return [a, b];
}

/** Compares what two runs predict after each position. */
export async function comparePair(
  { context, weights }: ReadyGpu,
  [a, b]: readonly [StoredRun, StoredRun],
  task: TaskContext,
): Promise<CompareSummary> {
  const numbers = await compareRows(context, weights, a.kept, b.kept, new Uint32Array(a.kept.S), task);
  const agreeing = numbers.a.argmax.filter((token, s) => token === numbers.b.argmax[s]).length;
  return {
    a: a.summary,
    b: b.summary,
    klMean: numbers.kl.reduce((sum, value) => sum + value, 0) / numbers.kl.length,
    klPerToken: numbers.kl,
    top1Agreement: agreeing / numbers.kl.length,
  };
}

function describeTokens(tokens: Tokens): string {
  const encoder = encoderTokens(tokens);
  const ids = [...decoderTokens(tokens).slice(0, 6), '…'].join(', ');
  return `${decoderTokens(tokens).length} tokens (${ids})${encoder ? `, ${encoder.length} in the encoder` : ''}`;
}
