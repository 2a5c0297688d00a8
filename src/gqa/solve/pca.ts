/**
 * The best shared K and V of a group in a metric (CALIBRATED.md-style PCA): one complex direction for each rotary plane of
 * K, the top K directions of what W_O reads of V.
 * Role: the solution. Which metric is the business of merges/; what a set of heads would lose is similarities/pca.ts.
 */
import { Matrix } from 'ml-matrix';
import { innerProduct, putColumns, putRows, takeColumns, takeRows, timesTransposed } from './blocks';
import type { Gauge } from './gauge';
import { queriesOf, type LayerHeads } from './layerHeads';
import type { Metric } from './metric';
import { leadingEigenvector, planeGram, turnRow, type Measured, type PlaneRow } from './planes';
import { shareBlock, times, type Member } from './sharedMap';

/** The metrics of a layer's inputs, and what K may be turned by. */
export interface PcaSetting {
  gauge: Gauge;
  /** Of what W_Q reads. */
  queryMetric: Metric;
  /** Of what W_K reads: the same, but in cross-attention. */
  keyMetric: Metric;
  /** Of what W_V reads. */
  valueMetric: Metric;
  /** Share of the lost energy given back, as an exponent: 0 none, ½ half, 1 all. */
  restoreKeys: number;
  restoreValues: number;
}

/** Products of a layer's projections with the metric, made once for all groups. */
export class LayerPca {
  private readonly keys: Measured;
  private readonly queries: Measured;

  constructor(
    private readonly heads: LayerHeads,
    private readonly setting: PcaSetting,
  ) {
    const measure = (rows: Float64Array, metric: Metric): Measured => ({
      rows,
      timesMetric: metric.times(rows),
      W: heads.W,
    });
    this.keys = measure(heads.k, setting.keyMetric);
    this.queries = measure(heads.q, setting.queryMetric);
  }

  /** The layer with one K and V for each group; q and o take up what turns members into the shared head. */
  solve(groups: readonly (readonly number[])[]): LayerHeads {
    return this.shareValues(this.shareKeys(this.heads, groups), groups);
  }

  /** `layer` with this layer's K shared: k has one head a group, and q what turns members into it. */
  shareKeys(layer: LayerHeads, groups: readonly (readonly number[])[]): LayerHeads {
    const { sizes, W, q } = this.heads;
    const G = groups.length;
    const k = new Float64Array(G * sizes.K * W);
    const result: LayerHeads = { ...layer, sizes: { ...sizes, G }, q: q.slice(), k };
    groups.forEach((members, group) => {
      for (const plane of this.setting.gauge.planes) this.shareKeyPlane(result, members, group, plane);
      if (this.setting.gauge.free.length > 0) this.shareFreeKeys(result, members, group);
      this.shareFixedKeys(result, members, group);
    });
    return result;
  }

  /** `layer` with this layer's V shared: v has one head a group, and o what turns members into it. */
  shareValues(layer: LayerHeads, groups: readonly (readonly number[])[]): LayerHeads {
    const { sizes, W, o } = this.heads;
    const G = groups.length;
    const v = new Float64Array(G * sizes.K * W);
    const result: LayerHeads = { ...layer, sizes: { ...sizes, G }, v, o: o.slice() };
    groups.forEach((members, group) => this.shareGroupValues(result, members, group));
    return result;
  }

  private plane(
    members: readonly number[],
    [first, second]: readonly [number, number],
  ): { vector: Float64Array; value: number; trace: number; weights: number[]; energies: number[] } {
    const { sizes, W } = this.heads;
    const place = (head: number): PlaneRow => ({
      first: (head * sizes.K + first) * W,
      second: (head * sizes.K + second) * W,
    });
    // A member's plane counts as much as its queries read it.
    const weights = members.map((member) =>
      Math.sqrt(
        queriesOf(sizes, member).reduce((sum, head) => sum + (planeGram(this.queries, [place(head)])[0] ?? 0), 0),
      ),
    );
    const n = members.length;
    const gram = planeGram(this.keys, members.map(place));
    const energies = members.map((_, a) => gram[2 * (a * n + a)] ?? 0);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        const factor = (weights[a] ?? 0) * (weights[b] ?? 0);
        for (const part of [0, 1]) gram[2 * (a * n + b) + part] = (gram[2 * (a * n + b) + part] ?? 0) * factor;
      }
    }
    return { ...leadingEigenvector(gram, n), weights, energies };
  }

  private shareKeyPlane(
    result: LayerHeads,
    members: readonly number[],
    group: number,
    plane: readonly [number, number],
  ): void {
    const { sizes, W, k } = this.heads;
    const [first, second] = plane;
    const { vector, value, weights, energies } = this.plane(members, plane);
    const shared = { first: (group * sizes.K + first) * W, second: (group * sizes.K + second) * W };
    members.forEach((member, a) => {
      const [ur, ui] = [vector[2 * a] ?? 0, vector[2 * a + 1] ?? 0];
      const weight = weights[a] ?? 0;
      const [from1, from2] = [(member * sizes.K + first) * W, (member * sizes.K + second) * W];
      // kˢ += conj(u)·w·k
      for (let d = 0; d < W; d++) {
        const [x, y] = [k[from1 + d] ?? 0, k[from2 + d] ?? 0];
        result.k[shared.first + d] = (result.k[shared.first + d] ?? 0) + weight * (ur * x + ui * y);
        result.k[shared.second + d] = (result.k[shared.second + d] ?? 0) + weight * (ur * y - ui * x);
      }
      if (weight === 0) return;
      const size = Math.hypot(ur, ui) / weight;
      const lost = size > 0 && value > 0 ? Math.sqrt((energies[a] ?? 0) / value) / size : 1;
      const restored = lost ** this.setting.restoreKeys / weight;
      for (const head of queriesOf(sizes, member)) {
        const place = { first: (head * sizes.K + first) * W, second: (head * sizes.K + second) * W };
        turnRow(result.q, place, W, ur * restored, -ui * restored);
      }
    });
  }

  private shareFreeKeys(result: LayerHeads, members: readonly number[], group: number): void {
    const { sizes, W, q } = this.heads;
    const { free } = this.setting.gauge;
    const { K } = sizes;
    const inputs = this.keyMembers(members);
    const solution = shareBlock(inputs, this.setting.keyMetric);
    putRows(result.k, group, K, W, free, solution.shared);
    members.forEach((member, a) => {
      const input = inputs[a];
      const map = solution.maps[a];
      if (!input || !map) return;
      const restored = restoration(input, map, this.setting.keyMetric) ** this.setting.restoreKeys;
      for (const head of queriesOf(sizes, member)) {
        const query = takeRows(q, head, K, W, free);
        putRows(result.q, head, K, W, free, map.transpose().mmul(query).mul(restored));
      }
    });
  }

  /** Rows that may not be turned share their mean, and queries stay as they are. */
  private shareFixedKeys(result: LayerHeads, members: readonly number[], group: number): void {
    const { sizes, W, k } = this.heads;
    for (const row of this.setting.gauge.fixed) {
      const to = (group * sizes.K + row) * W;
      for (const member of members) {
        const from = (member * sizes.K + row) * W;
        for (let d = 0; d < W; d++) result.k[to + d] = (result.k[to + d] ?? 0) + (k[from + d] ?? 0) / members.length;
      }
    }
  }

  private shareGroupValues(result: LayerHeads, members: readonly number[], group: number): void {
    const { sizes, W, o } = this.heads;
    const { H, K } = sizes;
    const inputs = this.valueMembers(members);
    const solution = shareBlock(inputs, this.setting.valueMetric);
    const rows = Array.from({ length: K }, (_, row) => row);
    putRows(result.v, group, K, W, rows, solution.shared);
    members.forEach((member, a) => {
      const input = inputs[a];
      const map = solution.maps[a];
      if (!input || !map) return;
      for (const head of queriesOf(sizes, member)) {
        const output = takeColumns(o, head, K, H * K);
        const own = { block: input.block, weight: output.transpose().mmul(output) };
        const restored = restoration(own, map, this.setting.valueMetric) ** this.setting.restoreValues;
        putColumns(result.o, head, K, H * K, output.mmul(map).mul(restored));
      }
    });
  }

  /** K's free rows, weighted by what the queries read of them. */
  private keyMembers(members: readonly number[]): Member[] {
    const { sizes, W, k, q } = this.heads;
    const { free } = this.setting.gauge;
    return members.map((member) => {
      const weight = Matrix.zeros(free.length, free.length);
      for (const head of queriesOf(sizes, member)) {
        const query = takeRows(q, head, sizes.K, W, free);
        weight.add(timesTransposed(times(query, this.setting.queryMetric), query));
      }
      return { block: takeRows(k, member, sizes.K, W, free), weight };
    });
  }

  /** V, weighted by what the output projection reads of it. */
  private valueMembers(members: readonly number[]): Member[] {
    const { sizes, W, v, o } = this.heads;
    const { H, K } = sizes;
    const rows = Array.from({ length: K }, (_, row) => row);
    return members.map((member) => {
      const weight = Matrix.zeros(K, K);
      for (const head of queriesOf(sizes, member)) {
        const output = takeColumns(o, head, K, H * K);
        weight.add(output.transpose().mmul(output));
      }
      return { block: takeRows(v, member, K, W, rows), weight };
    });
  }
}

/** How much larger a member is than what its map makes of the (orthonormal) shared block: at least 1. */
function restoration({ block, weight }: Member, map: Matrix, metric: Metric): number {
  const own = innerProduct(weight, timesTransposed(times(block, metric), block));
  const approximated = innerProduct(weight, timesTransposed(map, map));
  return approximated > 0 ? Math.sqrt(own / approximated) : 1;
}
