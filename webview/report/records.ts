/**
 * What lies in a report, as answers to what pages ask.
 * Role: finds recorded answers, and makes those that follow from recorded maps. It draws nothing and knows no document.
 */
import { t } from '@vscode/l10n';
import type { PredictionsRequest } from '../../src/protocol/diffView';
import { fromErrorValue, GqaLensError } from '../../src/protocol/errors';
import type {
  AttentionColumn,
  AttentionColumnRequest,
  AttentionRequest,
  AttentionRow,
  AttentionRowRequest,
  AttentionTile,
} from '../../src/protocol/maps';
import {
  answerKey,
  partName,
  type RecordedMaps,
  type RecordedWeights,
  type ReportContent,
} from '../../src/protocol/report';
import type { Continuation, Prediction } from '../../src/protocol/runs';
import { cellsOf } from '../shared/mapCells';
import { assembleTile, differencesOf, type Term } from './assembleTile';

/** Both runs' answers. */
interface Sides<Answer> {
  a: Answer;
  b: Answer;
}

export class Records {
  readonly #parts = new Map<string, Promise<unknown>>();
  readonly #readPart: (name: string) => Promise<unknown>;

  /** @param readPart reads a part of the file; null where there is none of that name */
  constructor(
    readonly content: ReportContent,
    readPart: (name: string) => Promise<unknown>,
  ) {
    this.#readPart = readPart;
  }

  /** The recorded answer to a question. @throws GqaLensError as the engine did; not-recorded */
  answer<Answer>(name: string, ...asked: unknown[]): Promise<Answer> {
    const found = this.content.answers[answerKey(name, ...asked)];
    if (found === undefined) return Promise.reject(notRecorded(t('This is not in this report')));
    return 'error' in found ? Promise.reject(fromErrorValue(found.error)) : Promise.resolve(found.value as Answer);
  }

  /** Maps of all positions, whatever part and detail is asked for: pages draw what they need of them. */
  async attention(request: AttentionRequest): Promise<AttentionTile> {
    const { deviations, minus } = request;
    const tile = await this.#tile(request);
    if (deviations !== true && minus === undefined) return tile;
    const other = minus === undefined ? null : await this.#tile({ ...request, runId: minus });
    const differences = differencesOf(tile, (head): Term[] => [
      ...(deviations === true ? [{ cells: tile.mean, sign: -1 } as const] : []),
      ...(other === null ? [] : [{ cells: cellsOf(other, head), sign: -1 } as const]),
      ...(other === null || deviations !== true ? [] : [{ cells: other.mean, sign: 1 } as const]),
    ]);
    if (differences !== null) return differences;
    throw notRecorded(t('Maps are pooled here, and their differences are not in this report'));
  }

  async #tile({ runId, layer, heads, values }: AttentionRequest): Promise<AttentionTile> {
    const kind = values === 'scores' ? 'scores' : 'maps';
    const recorded = (await this.#part(partName(kind, runId, layer))) as RecordedMaps | null;
    const tile = recorded && assembleTile(recorded, heads);
    if (tile !== null) return tile;
    throw notRecorded(
      kind === 'maps'
        ? t('The attention maps of this layer are not in this report')
        : t('The scores of this layer are not in this report'),
    );
  }

  async attentionRow({ runId, layer, heads, query, values }: AttentionRowRequest): Promise<AttentionRow> {
    if (values === 'scores') throw notRecorded(t('Exact scores are not in this report'));
    const { S, T, weights } = await this.#weights(runId, layer);
    const row = new Float32Array(heads.length * T);
    heads.forEach((head, place) => {
      const from = (head * S + query) * T;
      row.set(weights.subarray(from, from + T), place * T);
    });
    return { layer, heads, query, weights: row, sinks: null };
  }

  async attentionColumn({ runId, layer, heads, key }: AttentionColumnRequest): Promise<AttentionColumn> {
    const { S, T, weights } = await this.#weights(runId, layer);
    const column = new Float32Array(heads.length * S);
    heads.forEach((head, place) => {
      for (let query = 0; query < S; query++) column[place * S + query] = weights[(head * S + query) * T + key] ?? 0;
    });
    return { layer, heads, key, weights: column };
  }

  async predictions({ position, count }: PredictionsRequest): Promise<Sides<Prediction[]>> {
    const { a, b } = await this.answer<Sides<Prediction[][]>>('everyPrediction');
    return { a: (a[position] ?? []).slice(0, count), b: (b[position] ?? []).slice(0, count) };
  }

  continuations(): Promise<Sides<Continuation>> {
    return this.answer('continuations');
  }

  async #weights(runId: string, layer: number): Promise<RecordedWeights> {
    const recorded = (await this.#part(partName('weights', runId, layer))) as RecordedWeights | null;
    if (recorded === null) throw notRecorded(t('The exact weights of this layer are not in this report'));
    return recorded;
  }

  /** A part, read once. */
  #part(name: string): Promise<unknown> {
    const known = this.#parts.get(name) ?? this.#readPart(name);
    this.#parts.set(name, known);
    return known;
  }
}

function notRecorded(sentence: string): GqaLensError {
  return new GqaLensError('not-recorded', sentence, { next: openCheckpoint() });
}

/** What somebody can do who wants more than a report has. */
export function openCheckpoint(): string {
  return t('Open the checkpoint in GQA Lens for it.');
}
