/**
 * Alignment: turns the heads of each group towards each other by what their gauge allows. The model computes what it
 * computed before; only the basis of each head changes.
 * Role: generalised Procrustes per group. What is done with aligned heads (means) is merges/.
 * Source: METHODS "two gauges", Gower 1975; Schönemann 1966 for the orthogonal maps.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { putColumns, putRows, takeColumns, takeRows, timesTransposed } from './blocks';
import { valueGauge, type Gauge, type Plane } from './gauge';
import { queriesOf, type LayerHeads } from './layerHeads';
import { bestPhases, planeGram, turnRow, type PlaneRow } from './planes';

/** Heads are aligned when a round brings them closer by less than this share. */
const settled = 1e-4;
/** Rounds after which heads that still turn are taken as they are. */
const mostRounds = 50;

/** A copy of the layer whose heads are aligned within their groups. Same function, same number of heads. */
export function alignLayer(heads: LayerHeads, groups: readonly (readonly number[])[], gauge: Gauge): LayerHeads {
  const turned = { ...heads, q: heads.q.slice(), k: heads.k.slice(), v: heads.v.slice(), o: heads.o.slice() };
  const { sizes, W } = heads;
  const { H, K } = sizes;
  const all = valueGauge(sizes).free;
  for (const members of groups) {
    for (const plane of gauge.planes) alignPlane(turned, members, plane);
    if (gauge.free.length > 0) {
      const maps = orthogonalMaps(members.map((member) => takeRows(heads.k, member, K, W, gauge.free)));
      members.forEach((member, a) => {
        const map = maps[a] ?? Matrix.eye(gauge.free.length);
        turnBlock(turned.k, member, map, turned, gauge.free);
        for (const head of queriesOf(sizes, member)) turnBlock(turned.q, head, map, turned, gauge.free);
      });
    }
    const maps = orthogonalMaps(members.map((member) => takeRows(heads.v, member, K, W, all)));
    members.forEach((member, a) => {
      const map = maps[a] ?? Matrix.eye(K);
      turnBlock(turned.v, member, map, turned, all);
      for (const head of queriesOf(sizes, member)) {
        putColumns(turned.o, head, K, H * K, takeColumns(heads.o, head, K, H * K).mmul(map.transpose()));
      }
    });
  }
  return turned;
}

function alignPlane(heads: LayerHeads, members: readonly number[], [first, second]: Plane): void {
  const { sizes, W } = heads;
  const place = (head: number): PlaneRow => ({
    first: (head * sizes.K + first) * W,
    second: (head * sizes.K + second) * W,
  });
  const gram = planeGram({ rows: heads.k, timesMetric: heads.k, W }, members.map(place));
  const phases = bestPhases(gram, members.length);
  members.forEach((member, a) => {
    const [re, im] = [phases[2 * a] ?? 1, phases[2 * a + 1] ?? 0];
    turnRow(heads.k, place(member), W, re, im);
    // conj(q)·k is unchanged when both turn by the same phase.
    for (const head of queriesOf(sizes, member)) turnRow(heads.q, place(head), W, re, im);
  });
}

function turnBlock(
  data: Float64Array,
  head: number,
  map: Matrix,
  { sizes, W }: LayerHeads,
  rows: readonly number[],
): void {
  putRows(data, head, sizes.K, W, rows, map.mmul(takeRows(data, head, sizes.K, W, rows)));
}

/**
 * Orthogonal maps R_a that bring blocks X_a together: each in turn is turned to the sum of the others, until the sum of
 * all inner products grows no more. Works on the blocks' products X_a·X_bᵀ alone.
 */
function orthogonalMaps(blocks: readonly Matrix[]): Matrix[] {
  const products = blocks.map((a) => blocks.map((b) => timesTransposed(a, b)));
  const maps = blocks.map((block) => Matrix.eye(block.rows));
  // The largest block keeps its basis: the others come to it first.
  const sizes = products.map((row, a) => row[a]?.trace() ?? 0);
  const largest = sizes.indexOf(Math.max(...sizes));
  const order = blocks.map((_, a) => a).sort((a, b) => (a === largest ? -1 : b === largest ? 1 : a - b));
  let before = -Infinity;
  for (let round = 0; round < mostRounds; round++) {
    let total = 0;
    for (const a of order) {
      const others = round === 0 ? order.slice(0, order.indexOf(a)) : order.filter((b) => b !== a);
      if (others.length === 0) continue;
      const rows = blocks[a]?.rows ?? 0;
      const cross = Matrix.zeros(rows, rows);
      for (const b of others) {
        const [product, map] = [products[a]?.[b], maps[b]];
        if (product && map) cross.add(timesTransposed(product, map));
      }
      const { leftSingularVectors, rightSingularVectors, diagonal } = new SingularValueDecomposition(cross);
      maps[a] = rightSingularVectors.mmul(leftSingularVectors.transpose());
      total += diagonal.reduce((sum, value) => sum + value, 0);
    }
    if (round > 0 && total - before <= settled * total) break;
    before = total;
  }
  return maps;
}
