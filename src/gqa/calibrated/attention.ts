/**
 * W_Q and the shared W_K fitted to the original's attention output itself: scores.ts comes near to it score by score, this
 * weighs each score by what it does to the output.
 * Role: Gauss-Newton steps. The softmax is linearised where it stands, dp = p ∘ (ds − Σ p·ds), so that each side is a
 * least-squares problem again; a step that makes the output's error larger is shortened.
 */
import type { Batch } from '../../gpu/batch';
import type { Span } from '../../gpu/context';
import { blockAdd, blockDot } from '../../gpu/operations/blocks';
import { pad4 } from '../../gpu/operations/matrix';
import { scoreErrors, type QueriesAndKeys } from '../../gpu/operations/scores';
import type { TaskContext } from '../../protocol/tasks';
import type { Gauge } from '../solve/gauge';
import type { LayerHeads } from '../solve/layerHeads';
import { conjugateGradients, type BlockSystem } from './conjugateGradients';
import { uploadHeadRows } from './headRows';
import type { LayerText, Sharing, TextMaps } from './layerText';
import { roundingShare } from './outputs';
import { OutputReading } from './outputReading';
import { ScoreSides, type Side } from './scoreSides';

/** How attention is fitted. */
export interface AttentionSettings {
  /** Rounds of one step of each side, after which W_V and W_O are fitted again. */
  rounds: number;
  /** Steps of conjugate gradients on each side. */
  steps: number;
  /** Share of the curvature along the first direction that holds a side where it is. */
  ridge: number;
}

export const usualAttentionSettings: AttentionSettings = { rounds: 2, steps: 10, ridge: 1e-2 };

/** Halvings of a step before it is given up. */
const mostHalvings = 3;

/**
 * `heads` with q and then k moved by one step each.
 * @param target [windows·S, pad4(D)] the original layer's attention output without its bias
 */
export async function fitAttention(
  text: LayerText,
  target: Span,
  sharing: Sharing,
  gauge: Gauge,
  heads: LayerHeads,
  settings: Omit<AttentionSettings, 'rounds'>,
  task: TaskContext,
): Promise<LayerHeads> {
  const fit = new AttentionFit(text, target, sharing, gauge, heads);
  try {
    await fit.sides.prepare(task);
    for (const side of ['q', 'k'] as const) await fit.move(side, settings, task);
    return { ...heads, ...(await fit.sides.read()) };
  } finally {
    fit.destroy();
  }
}

/** The attention of one layer where it stands, with V and O held. */
class AttentionFit {
  readonly sides: ScoreSides;
  private maps: TextMaps = [];
  private readonly reading: OutputReading;
  /** Values on the text [windows·T, G, pad4(K)]. */
  private readonly values: Span;
  /** Head outputs, and what the output's error asks of them [windows·S, H, pad4(K)]. */
  private readonly seen: Span;
  private readonly wanted: Span;
  /** The layer's output, and what it misses of the target [windows·S, pad4(D)]. */
  private readonly output: Span;
  private readonly missing: Span;
  /** Of the largest piece of maps. */
  private readonly errors: Span;
  /** Single numbers: what a dot product comes out as, and 1. */
  private readonly product: Span;
  private readonly one: Span;

  constructor(
    private readonly text: LayerText,
    private readonly target: Span,
    private readonly sharing: Sharing,
    gauge: Gauge,
    heads: LayerHeads,
  ) {
    const { context } = text;
    const { H, K, D, W } = text.sizes;
    const { N } = text.queries;
    this.sides = new ScoreSides(text, sharing, gauge, heads);
    this.reading = new OutputReading(context, heads.o, text.sizes);
    this.values = text.storage(text.keys.N * sharing.G * pad4(K), 'values');
    this.seen = text.storage(N * H * pad4(K), 'head outputs');
    this.wanted = text.storage(N * H * pad4(K), 'wanted of heads');
    this.output = text.storage(N * pad4(D), 'attention output');
    this.missing = text.storage(N * pad4(D), 'missing output');
    this.errors = text.storage(text.numbersOfPiece, 'errors of maps');
    this.product = text.storage(1, 'dot product');
    this.one = text.own(context.upload(Float32Array.from([1]), 'one'));
    const v = uploadHeadRows(context, heads.v, { heads: sharing.G, K, W });
    const batch = context.batch();
    text.keys.project(batch, v, sharing.G, this.values);
    batch.submit();
    v.buffer.destroy();
  }

  /** Moves one side towards the least error of the output. */
  async move(side: Side, settings: Omit<AttentionSettings, 'rounds'>, task: TaskContext): Promise<void> {
    const { sides, text } = this;
    const { context } = text;
    const { heads, K, W } = sides.shape(side);
    const shape = { blocks: 1, length: heads * pad4(K) * pad4(W) };
    const before = await this.linearise(task.signal);
    const whole = text.queries.N * pad4(text.sizes.D);
    if (before < roundingShare * (await this.dot(this.target, this.target, whole))) return;
    const curvatures = await sides.curvatures(side);
    const [inverse, metric] = [sides.preconditioner(side, curvatures), await sides.metric(side, curvatures)];
    const vector = (): Span => context.storage(shape.length, 'attention step');
    const [residual, direction, image, step, old] = [vector(), vector(), vector(), vector(), vector()];
    try {
      const batch = context.batch();
      batch.copy(sides.weights[side], old);
      this.backward(batch, side, residual, 0);
      inverse.apply(batch, residual, direction);
      this.forward(batch, side, direction);
      this.backward(batch, side, image, 0);
      batch.submit();
      // How much more curved the error is than the metric, along the first direction.
      const curvature = await this.dot(direction, image, shape.length);
      const pull = (settings.ridge * curvature) / (await this.dot(direction, residual, shape.length));
      const system: BlockSystem = {
        ...{ context, ...shape },
        apply: (recorded, of, to) => {
          this.forward(recorded, side, of);
          metric.apply(recorded, of, to);
          this.backward(recorded, side, to, pull);
        },
        precondition: (recorded, of, to) => inverse.apply(recorded, of, to),
      };
      if (!(pull > 0)) return;
      await conjugateGradients(system, step, residual, settings.steps, task);
      for (let halvings = 0; halvings <= mostHalvings; halvings++) {
        const part = context.upload(Float32Array.from([2 ** -halvings]), 'part of the step');
        const moved = context.batch();
        moved.copy(old, sides.weights[side]);
        blockAdd(moved, sides.weights[side], step, { numerator: part, denominator: this.one }, 1, shape);
        moved.submit();
        part.buffer.destroy();
        if ((await this.linearise(task.signal)) <= before) return;
      }
      const undone = context.batch();
      undone.copy(old, sides.weights[side]);
      undone.submit();
    } finally {
      inverse.destroy();
      metric.destroy();
      for (const { buffer } of [residual, direction, image, step, old]) buffer.destroy();
    }
  }

  destroy(): void {
    this.sides.destroy();
    this.reading.destroy();
    this.text.freeMaps(this.maps);
    const { values, seen, wanted, output, missing, errors, product, one } = this;
    this.text.free(values, seen, wanted, output, missing, errors, product, one);
  }

  /** Makes maps, and what the output's error asks of heads, for the weights as they are. @returns the squared error */
  private async linearise(signal: AbortSignal): Promise<number> {
    const { text, sides, sharing, reading, seen, missing, wanted } = this;
    const { N } = text.queries;
    const batch = text.context.batch();
    for (const side of ['q', 'k'] as const) sides.project(batch, side, sides.weights[side]);
    batch.submit();
    text.freeMaps(this.maps);
    this.maps = [];
    this.maps = await text.maps(sides.scores, sharing, signal);
    const next = text.context.batch();
    text.product(next, this.maps, this.values, sharing, seen);
    reading.read(next, seen, this.output, N);
    next.copy(this.target, missing);
    const all = { blocks: 1, length: N * pad4(text.sizes.D) };
    blockAdd(next, missing, this.output, { numerator: this.one, denominator: this.one }, -1, all);
    reading.back(next, missing, wanted, N);
    next.submit();
    return this.dot(missing, missing, all.length);
  }

  /** Records in `wanted` what a direction of a side does to the output, as heads see it. */
  private forward(batch: Batch, side: Side, direction: Span): void {
    const { text, sides, sharing, seen } = this;
    sides.project(batch, side, direction);
    for (const piece of this.maps) {
      this.softmaxed(batch, sides.scores, piece, text.scale);
      text.product(batch, [{ ...piece, span: this.errors }], this.values, sharing, seen);
    }
    this.reading.forthAndBack(batch, seen, this.wanted, text.queries.N);
  }

  /** Records to = what `wanted` asks of a side's weights + keep · to. */
  private backward(batch: Batch, side: Side, to: Span, keep: number): void {
    const { sides, sharing } = this;
    for (const piece of this.maps) {
      this.softmaxed(batch, { queries: this.wanted, keys: this.values, G: sharing.G }, piece, 1);
      sides.collect(batch, side, [{ ...piece, span: this.errors }]);
    }
    sides.finish(batch, side, to, 1, keep);
  }

  /**
   * Records in `errors` what changes of scores do to a piece of the maps; the same is how changes of maps look to scores. Both
   * are dot products here: of queries and keys, or of what is wanted of heads and values.
   */
  private softmaxed(batch: Batch, scores: QueriesAndKeys, piece: TextMaps[number], scale: number): void {
    const shape = { ...this.text.windowsOf(piece), K: this.text.sizes.K, scale, share: 1 };
    scoreErrors(batch, scores, null, this.sharing.readers, piece.span, this.errors, shape);
  }

  private async dot(a: Span, b: Span, length: number): Promise<number> {
    const batch = this.text.context.batch();
    blockDot(batch, a, b, this.product, { blocks: 1, length });
    batch.submit();
    return (await this.text.context.readFloat32(this.product))[0] ?? NaN;
  }
}
