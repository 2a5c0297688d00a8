/**
 * The runs of a comparison's sides: the session's own where a side is the session's, else runs on the same tokens that are
 * made here, of other conversions and other checkpoints. What no side shows any more is freed.
 */
import { GqaLensError } from '../protocol/errors';
import type { RunSummary } from '../protocol/runs';
import type { DiffSide } from '../protocol/sides';
import type { CallOptions } from './engineProcess';
import { inputOf, tokensOf } from '../protocol/runTokens';
import type { Session } from './session';

/** Opens checkpoints that are only compared with; sessions.ts. */
export interface Lender {
  /** Each time is given back once. Throws GqaLensError naming the file. */
  borrow(path: string, options: CallOptions): Promise<Session>;
  giveBack(session: Session): void;
}

interface OwnRun {
  of: Session;
  run: RunSummary;
}

export class SideRuns {
  /** By side and the run whose tokens they are on. */
  private readonly own = new Map<string, OwnRun>();
  /** Other checkpoints by path. */
  private readonly others = new Map<string, Session>();

  constructor(
    private readonly session: Session,
    private readonly lender: Lender,
  ) {}

  /** Another checkpoint that is open; null before it was asked for. */
  other(path: string): Session | null {
    return this.others.get(path) ?? null;
  }

  /** Opens what a side is of. Throws GqaLensError naming the file. */
  async modelOf(side: DiffSide, options: CallOptions): Promise<Session> {
    if (side.kind !== 'checkpoint') return this.session;
    const known = this.others.get(side.path);
    if (known !== undefined) return known;
    const borrowed = await this.lender.borrow(side.path, options);
    // What is no longer wanted is given back by the next `keep`: whoever cancelled may want the same checkpoint.
    this.others.set(side.path, borrowed);
    if (options.signal?.aborted === true) throw cancelled();
    return borrowed;
  }

  /**
   * The run of a side on the tokens of the session's; null while a run of the session's own is not there.
   * Throws GqaLensError where the side cannot be run, or not on these tokens.
   */
  async run(side: DiffSide, options: CallOptions): Promise<RunSummary | null> {
    const { original, converted, converts, model } = this.session;
    if (original === null) return null;
    if (side.kind === 'opened') return original;
    if (side.kind === 'converted') return converts ? converted : original;
    if (side.kind === 'conversion' && side.conversion.G === model.G) return original;
    const key = keyOf(side, original);
    const known = this.own.get(key);
    if (known !== undefined) return known.run;
    const of = await this.modelOf(side, options);
    if (of !== this.session) await this.check(of, original, options);
    const conversion = side.kind === 'conversion' ? side.conversion : null;
    const longest = Math.max(original.tokens.length, original.encoderTokens?.length ?? 0);
    const run = await of.forward(inputOf(original), conversion, longest, options);
    if (options.signal?.aborted === true) {
      of.release([run]);
      throw cancelled();
    }
    this.own.set(key, { of, run });
    return run;
  }

  /** Frees the runs and lets the checkpoints go that none of these sides needs on the session's tokens. */
  keep(sides: readonly DiffSide[]): void {
    const { original } = this.session;
    const wanted = new Set(original === null ? [] : sides.map((side) => keyOf(side, original)));
    for (const [key, { of, run }] of this.own) {
      if (wanted.has(key)) continue;
      this.own.delete(key);
      of.release([run]);
    }
    for (const [path, other] of this.others) {
      if (sides.some((side) => side.kind === 'checkpoint' && side.path === path)) continue;
      this.others.delete(path);
      this.lender.giveBack(other);
    }
  }

  /** Another checkpoint was closed, and its runs with it. */
  forget(closed: Session): void {
    for (const [key, { of }] of this.own) if (of === closed) this.own.delete(key);
    this.others.delete(closed.path);
  }

  /** The engine that held the runs has ended. */
  lose(): void {
    this.own.clear();
  }

  private async check(other: Session, original: RunSummary, options: CallOptions): Promise<void> {
    const { text, decoderText, model } = this.session;
    const texts = model.hasTokenizer ? [text, decoderText] : [];
    await this.session.checkTogether(await other.modelId(options), tokensOf(original), texts, options);
  }
}

/** What comes after all when nobody wants it any more is not kept. */
function cancelled(): GqaLensError {
  return new GqaLensError('cancelled', 'Cancelled');
}

function keyOf(side: DiffSide, { runId }: RunSummary): string {
  return JSON.stringify([side, runId]);
}
