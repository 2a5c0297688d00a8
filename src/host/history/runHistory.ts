/**
 * The runs of this workspace: what was run on which checkpoint and what came of it, newest first, kept over reloads.
 * Role: the list and its rules. How it looks is historyView.ts; maps and other results are not kept.
 */
import * as vscode from 'vscode';
import type { ConversionRequest } from '../../protocol/conversion';
import { isRecord, readConversion } from '../panels/persisted';
import type { Session } from '../session';

/** One finished run. */
export interface PastRun {
  id: string;
  /** When it was finished, as Date.now() tells. */
  time: number;
  path: string;
  modelName: string;
  text: string;
  decoderText: string;
  conversion: ConversionRequest;
  /** KV heads of the checkpoint as opened. */
  sourceG: number;
  tokens: number;
  /** Mean cross-entropies in nats; null where there is none, or nothing is converted. */
  loss: number | null;
  convertedLoss: number | null;
  adapter: string;
  /** Wall time of both forward passes. */
  milliseconds: number;
}

/** Under this key of the workspace's memory; another version is another shape, and begins anew. */
const key = 'gqaLens.runs';
const version = 1;
const most = 100;
/** A run takes 2 048 tokens at most: what is beyond this was not run. */
const longestText = 40_000;

export class RunHistory implements vscode.Disposable {
  private runs: PastRun[];
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly memory: vscode.Memento) {
    this.runs = readRuns(memory.get(key));
  }

  /** Newest first. */
  all(): readonly PastRun[] {
    return this.runs;
  }

  /** Notes what a session has just run. The same again, or a grouping that is still edited by hand, is one entry. */
  add(session: Session): void {
    const run = describe(session);
    if (run === null) return;
    const [last] = this.runs;
    const replaced = last !== undefined && isEdit(last, run) ? last : this.runs.find((other) => isSame(other, run));
    this.replace([run, ...this.runs.filter((other) => other !== replaced)].slice(0, most));
  }

  remove(id: string): void {
    this.replace(this.runs.filter((run) => run.id !== id));
  }

  clear(): void {
    this.replace([]);
  }

  dispose(): void {
    this.changed.dispose();
  }

  private replace(runs: PastRun[]): void {
    this.runs = runs;
    void this.memory.update(key, { version, runs });
    this.changed.fire();
  }
}

function describe({ path, model, text, decoderText, conversion, original, converted }: Session): PastRun | null {
  if (original === null || text.length > longestText || decoderText.length > longestText) return null;
  const time = Date.now();
  return {
    id: `${time}-${original.runId}`,
    time,
    ...{ path, modelName: model.name, text, decoderText, conversion, sourceG: model.G },
    tokens: original.tokens.length,
    loss: original.loss,
    convertedLoss: converted?.loss ?? null,
    adapter: original.adapter,
    milliseconds: Math.round(original.milliseconds + (converted?.milliseconds ?? 0)),
  };
}

const inputOf = ({ path, text, decoderText }: PastRun): string => JSON.stringify([path, text, decoderText]);

function isSame(a: PastRun, b: PastRun): boolean {
  return inputOf(a) === inputOf(b) && JSON.stringify(a.conversion) === JSON.stringify(b.conversion);
}

function isEdit(a: PastRun, b: PastRun): boolean {
  const isManual = ({ conversion }: PastRun): boolean => conversion.grouping === 'manual';
  return inputOf(a) === inputOf(b) && isManual(a) && isManual(b) && a.conversion.merge === b.conversion.merge;
}

/** What was kept, as far as it is what this version keeps. */
function readRuns(stored: unknown): PastRun[] {
  if (!isRecord(stored) || stored.version !== version || !Array.isArray(stored.runs)) return [];
  return stored.runs.flatMap((run: unknown) => readRun(run) ?? []).slice(0, most);
}

function readRun(value: unknown): PastRun | null {
  if (!isRecord(value)) return null;
  const conversion = readConversion(value.conversion);
  const { id, time, path, modelName, text, decoderText, sourceG, tokens, adapter, milliseconds } = value;
  const { loss, convertedLoss } = value;
  const areTexts = [id, path, modelName, text, decoderText, adapter].every((part) => typeof part === 'string');
  const areNumbers = [time, sourceG, tokens, milliseconds].every((part) => typeof part === 'number');
  const areLosses = [loss, convertedLoss].every((part) => part === null || typeof part === 'number');
  return conversion !== null && areTexts && areNumbers && areLosses ? (value as unknown as PastRun) : null;
}
