/**
 * The statistics of the chosen tensor: asked for, awaited, given up.
 * Role: one question at a time; answers to older ones are dropped. How they look is details.ts.
 */
import { t } from '@vscode/l10n';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import type { TensorStatistics } from '../../src/protocol/structure';
import type { StructureHostApi } from '../../src/protocol/structureView';
import type { Busy } from '../../src/protocol/views';
import type { Remotely } from '../shared/remotely';

/** How the statistics of the tensor stand. */
export type StatisticsState =
  | { kind: 'none' }
  | { kind: 'busy'; busy: Busy }
  | { kind: 'done'; statistics: TensorStatistics }
  | { kind: 'failed'; problem: ErrorValue };

export class StatisticsQuestion {
  readonly #remote: Pick<Remotely<StructureHostApi>, 'statistics' | 'cancelStatistics'>;
  readonly #changed: () => void;
  #state: StatisticsState = { kind: 'none' };
  /** Counts questions: an answer to an older one is dropped. */
  #asked = 0;

  /** @param changed is told of every change that nobody has asked for by a call */
  constructor(remote: Pick<Remotely<StructureHostApi>, 'statistics' | 'cancelStatistics'>, changed: () => void) {
    this.#remote = remote;
    this.#changed = changed;
  }

  get state(): StatisticsState {
    return this.#state;
  }

  /** How far the engine is. */
  progress(busy: Busy): void {
    if (this.#state.kind !== 'busy') return;
    this.#state = { kind: 'busy', busy };
    this.#changed();
  }

  /** The file is another one now. */
  forget(): void {
    this.#asked++;
    this.#state = { kind: 'none' };
  }

  /** Nobody waits for the answer any more. */
  cancel(): void {
    this.forget();
    void this.#remote.cancelStatistics();
  }

  ask(tensor: string): void {
    const question = ++this.#asked;
    this.#state = { kind: 'busy', busy: { message: t('Reading'), fraction: null } };
    this.#changed();
    this.#remote.statistics(tensor).then(
      (statistics) => this.#answer(question, { kind: 'done', statistics }),
      (error: unknown) => {
        const problem = toErrorValue(error);
        this.#answer(question, problem.code === 'cancelled' ? { kind: 'none' } : { kind: 'failed', problem });
      },
    );
  }

  #answer(question: number, state: StatisticsState): void {
    if (question !== this.#asked) return;
    this.#state = state;
    this.#changed();
  }
}
