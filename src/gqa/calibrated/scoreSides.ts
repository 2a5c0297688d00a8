/**
 * W_Q and the shared W_K of a layer that are being fitted, on the GPU, and what both make of the text.
 * Role: the way from weights to turned queries and keys, and back from errors of scores to weights. Which errors is the
 * business of the fits (scores.ts).
 */
import type { Batch } from '../../gpu/batch';
import type { Span } from '../../gpu/context';
import { linear } from '../../gpu/operations/linear';
import { pad4 } from '../../gpu/operations/matrix';
import type { QueriesAndKeys } from '../../gpu/operations/scores';
import type { TaskContext } from '../../protocol/tasks';
import { pace } from '../pace';
import type { Gauge } from '../solve/gauge';
import type { LayerHeads } from '../solve/layerHeads';
import { readHeadRows, uploadHeadRows, whole } from './headRows';
import type { LayerText, Projected, Sharing, TextMaps } from './layerText';
import { HeadOperator } from './headOperator';
import type { TextSide } from './textSide';

/** The two sides of a score, by what is solved for. */
export type Side = 'q' | 'k';

export class ScoreSides {
  readonly weights: Record<Side, Span>;
  /** Both sides on the text, turned. */
  private readonly projected: Projected;
  /** Of an error, by the queries or by the keys. */
  private readonly gradients: Record<Side, Span>;
  private inverses: Record<Side, Span> | null = null;

  constructor(
    readonly text: LayerText,
    readonly sharing: Sharing,
    private readonly gauge: Gauge,
    { q, k }: Pick<LayerHeads, Side>,
  ) {
    const { H, K } = text.sizes;
    this.weights = {
      q: text.own(uploadHeadRows(text.context, q, this.shape('q'))),
      k: text.own(uploadHeadRows(text.context, k, this.shape('k'))),
    };
    this.projected = text.projectBoth(this.weights.q, this.weights.k, sharing);
    this.gradients = {
      q: text.storage(text.queries.N * H * pad4(K), 'score gradient'),
      k: text.storage(text.keys.N * sharing.G * pad4(K), 'score gradient'),
    };
  }

  /** Makes what the other methods need of the inputs: call it once, first. */
  async prepare(task: TaskContext): Promise<void> {
    const { queries, keys } = this.text;
    this.inverses = { q: await queries.momentInverse(pace(task)), k: await keys.momentInverse(pace(task)) };
  }

  /** Queries and keys as they were projected last. */
  get scores(): QueriesAndKeys {
    return { ...this.projected, G: this.sharing.G };
  }

  /** Heads of K rows and W columns that a side has. */
  shape(side: Side): { heads: number; K: number; W: number } {
    const { H, K, W } = this.text.sizes;
    return { heads: side === 'q' ? H : this.sharing.G, K, W };
  }

  /** Records a side's turned projection of `weights`, its own or a direction that they may move in. */
  project(batch: Batch, side: Side, weights: Span): void {
    const inputs = this.inputs(side);
    const { heads } = this.shape(side);
    const out = side === 'q' ? this.projected.queries : this.projected.keys;
    inputs.project(batch, weights, heads, out);
    inputs.turn(batch, out, heads);
  }

  /** Records what errors of a piece of the scores are by a side's queries or keys, with the other side fixed. */
  collect(batch: Batch, side: Side, errors: TextMaps): void {
    const { text, sharing, projected } = this;
    const { scale } = text;
    if (side === 'q') text.product(batch, errors, projected.keys, sharing, this.gradients.q, { factor: scale });
    else text.transposedProduct(batch, errors, projected.queries, sharing, this.gradients.k, scale);
  }

  /** Records to = factor · what was collected by the side's weights + keep · to. */
  finish(batch: Batch, side: Side, to: Span, factor: number, keep = 0): void {
    const inputs = this.inputs(side);
    const { heads } = this.shape(side);
    inputs.turnBack(batch, this.gradients[side], heads);
    inputs.gradient(batch, this.gradients[side], heads, to, factor / this.text.queries.N, keep);
  }

  /**
   * Of each row of a side: how curved squared errors of scores are, which is the energy of the other side in the row's plane.
   */
  async curvatures(side: Side): Promise<Float64Array> {
    const { sharing, gauge, text } = this;
    const fixed: Side = side === 'q' ? 'k' : 'q';
    const { heads, K, W } = this.shape(fixed);
    const { span: C } = await this.inputs(fixed).moment();
    const measured = text.storage(heads * pad4(K) * pad4(W), 'measured');
    const batch = text.context.batch();
    linear(text.context, batch, this.weights[fixed], whole(C, pad4(W), pad4(W)), measured, heads * pad4(K));
    batch.submit();
    const [rows, products] = [
      await readHeadRows(text.context, this.weights[fixed], { heads, K, W }),
      await readHeadRows(text.context, measured, { heads, K, W }),
    ];
    text.free(measured);
    const energies = new Float64Array(heads * K);
    rows.forEach((value, index) => {
      const row = Math.floor(index / W);
      energies[row] = (energies[row] ?? 0) + value * (products[index] ?? 0) * text.scale ** 2;
    });
    for (let head = 0; head < heads; head++) {
      for (const [first, second] of gauge.planes) {
        const mean = ((energies[head * K + first] ?? 0) + (energies[head * K + second] ?? 0)) / 2;
        energies[head * K + first] = mean;
        energies[head * K + second] = mean;
      }
    }
    const result = new Float64Array(this.shape(side).heads * K);
    sharing.groupOfHead.forEach((group, head) => {
      const [to, from] = side === 'q' ? [head, group] : [group, head];
      for (let row = 0; row < K; row++) {
        result[to * K + row] = (result[to * K + row] ?? 0) + (energies[from * K + row] ?? 0);
      }
    });
    const floor = Math.max(...result) * 1e-6 + 1e-30;
    return result.map((value) => Math.max(value, floor));
  }

  /** (curvatures ⊗ C)⁻¹; the caller destroys it. */
  preconditioner(side: Side, curvatures: Float64Array): HeadOperator {
    if (!this.inverses) throw new Error('the sides were not prepared');
    const left = diagonals(
      curvatures.map((value) => 1 / value),
      this.text.sizes.K,
    );
    return new HeadOperator(this.text.context, this.shape(side), left, this.inverses[side]);
  }

  /** curvatures ⊗ C; the caller destroys it. */
  async metric(side: Side, curvatures: Float64Array): Promise<HeadOperator> {
    const { span } = await this.inputs(side).moment();
    return new HeadOperator(this.text.context, this.shape(side), diagonals(curvatures, this.text.sizes.K), span);
  }

  async read(): Promise<Pick<LayerHeads, Side>> {
    const { context } = this.text;
    return {
      q: await readHeadRows(context, this.weights.q, this.shape('q')),
      k: await readHeadRows(context, this.weights.k, this.shape('k')),
    };
  }

  destroy(): void {
    const { queries, keys } = this.projected;
    this.text.free(this.weights.q, this.weights.k, queries, keys, this.gradients.q, this.gradients.k);
  }

  /** The text that a side is projected from. */
  inputs(side: Side): TextSide {
    return side === 'q' ? this.text.queries : this.text.keys;
  }
}

/** [heads·K] as the diagonals of [heads·K, K]. */
function diagonals(values: Float64Array, K: number): Float64Array {
  const blocks = new Float64Array(values.length * K);
  values.forEach((value, row) => {
    blocks[row * K + (row % K)] = value;
  });
  return blocks;
}
