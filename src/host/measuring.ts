/**
 * What a comparison page shows besides its runs: how far the layers are apart, and the time of a decoded token.
 * Role: measured once for each comparison, when somebody looks; kept with the session, so that it survives panels and
 * reloads. It draws nothing.
 */
import * as vscode from 'vscode';
import type { MeasuresState } from '../protocol/diffView';
import { toErrorValue } from '../protocol/errors';
import type { CompareSummary, TextMeasures } from '../protocol/measures';
import type { Progress } from '../protocol/tasks';
import { LatestTask } from './latestTask';
import type { Comparison } from './comparison';
import { tokensOf } from '../protocol/runTokens';

/** Decoded tokens whose time is taken: enough for a median, few enough for a slow adapter. */
const timedTokens = 32;

const nothing: MeasuresState = { result: null, busy: null, problem: null };

export class Measuring implements vscode.Disposable {
  state = nothing;
  /** The comparison that `state` is about. */
  private of: CompareSummary | null = null;
  private readonly work = new LatestTask();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly comparison: Pick<Comparison, 'compare' | 'measure'>) {}

  /** What was measured of a comparison; null when that is another one, or not measured yet. */
  resultOf(compare: CompareSummary | null): TextMeasures | null {
    return compare !== null && compare === this.of ? this.state.result : null;
  }

  /** Measures the layers of the comparison, unless that is done or under way. */
  want(): void {
    const { compare } = this.comparison;
    if (compare === this.of) return;
    this.of = compare;
    this.work.cancel();
    this.set(nothing);
    void this.layers();
  }

  /** Measures the layers, again if need be: a measurement may have been cancelled. */
  async layers(): Promise<void> {
    if (this.of !== null) await this.measure(this.of, { detail: true, timedTokens: 0 }, (result) => result);
  }

  /** Times decoding of both models, and adds it to what is there. */
  async time(): Promise<void> {
    const { of, state } = this;
    const before = state.result;
    if (of === null || before === null || state.busy !== null) return;
    await this.measure(of, { detail: false, timedTokens }, ({ a, b }) => ({
      ...before,
      a: { ...before.a, millisecondsPerToken: a.millisecondsPerToken },
      b: { ...before.b, millisecondsPerToken: b.millisecondsPerToken },
    }));
  }

  cancel(): void {
    this.work.cancel();
  }

  dispose(): void {
    this.work.cancel();
    this.changed.dispose();
  }

  private measure(
    of: CompareSummary,
    what: { detail: boolean; timedTokens: number },
    use: (measured: TextMeasures) => TextMeasures,
  ): Promise<void> {
    return this.work.start(async (signal) => {
      const { result } = this.state;
      const onProgress = ({ message, fraction }: Progress): void => {
        if (!signal.aborted) this.set({ result, busy: { message, fraction }, problem: null });
      };
      this.set({ result, busy: { message: vscode.l10n.t('Measuring'), fraction: null }, problem: null });
      try {
        const measured = await this.comparison.measure({ windows: [tokensOf(of.a)], ...what }, { signal, onProgress });
        if (this.of === of) this.set({ result: use(measured), busy: null, problem: null });
      } catch (error) {
        if (this.of === of) this.set({ result, busy: null, problem: toErrorValue(error) });
      }
    });
  }

  private set(state: MeasuresState): void {
    this.state = state;
    this.changed.fire();
  }
}
