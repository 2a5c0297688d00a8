/**
 * Compares the heads of one projection of a layer: all pairs, each with its pooled head, each group as a whole.
 * Role: the loops over heads for one source of weights, real or random. The measure is an entry of similarities/; what the
 * numbers are held against is floor.ts.
 */
import type { WeightSource } from '../model/weightSource';
import type { SimilarityTarget } from '../protocol/similarity';
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { asRead, HeadProducts, ownProducts } from './headProducts';
import { chooseHeads, gaugeOf, readHeads, type HeadStack } from './heads';
import { gainMetric, momentMetric, weightMetric, type InputMetric, type InputMoments } from './inputMetric';
import { pace } from './pace';
import type { AttentionSide } from './solve/layerMetric';
import type { Block, Comparison, HeadMeasure } from './similarities/measure';
import { membersOf } from './solve/layerHeads';

/** What all comparisons of a layer's projection have in common. */
export interface HeadSetting {
  layer: number;
  target: SimilarityTarget;
  measure: HeadMeasure;
  metric: InputMetric;
  /** Of what queries are made from. */
  queryMetric: InputMetric;
  /** Heads have their bias as a last column. */
  biases: boolean;
  comparison: Comparison;
  gram: Gram;
  task: TaskContext;
}

/** @param moments of the layer's inputs on a text; null compares weights */
export async function headSetting(
  source: WeightSource,
  { layer, target, measure }: Pick<HeadSetting, 'layer' | 'target' | 'measure'>,
  moments: InputMoments | null,
  gram: Gram,
  task: TaskContext,
): Promise<HeadSetting> {
  const { spec } = source;
  const { centred = false, asRead: isRead = false } = measure;
  const roles = isRead && target === 'k' ? (['k.bias', 'q.bias'] as const) : ([`${target}.bias`] as const);
  const biases = !centred && (moments !== null || isRead) && roles.some((role) => source.has(role, layer));
  const columns = spec.D + (biases ? 1 : 0);
  const metricOf = (side: AttentionSide): InputMetric | Promise<InputMetric> => {
    if (moments === null) {
      return isRead ? gainMetric(source, layer, side, columns, task.signal) : weightMetric(columns, centred);
    }
    const own = side === 'queries' ? (moments.queries ?? moments) : moments;
    return momentMetric(own, columns, centred, gram, task);
  };
  const [metric, queryMetric] = [await metricOf('keys'), await metricOf('queries')];
  const comparison = { K: spec.K, gauge: gaugeOf(spec, layer, target), breathe: pace(task) };
  return { layer, target, measure, metric, queryMetric, biases, comparison, gram, task };
}

/** Heads of one source, ready to be compared. */
export interface ComparedHeads {
  stack: HeadStack;
  /** Each with itself. */
  own: Block[];
  products: HeadProducts;
}

/** Reads heads and takes their products with each other. @param chosen all of them when absent */
export async function readCompared(
  source: WeightSource,
  { layer, target, measure, metric, queryMetric, biases, gram, task }: HeadSetting,
  chosen?: readonly number[],
): Promise<ComparedHeads> {
  const all = await readHeads(source, layer, target, biases, task.signal);
  const places = chosen ?? Array.from({ length: all.count }, (_, head) => head);
  const plain = chooseHeads(all, places);
  const reading = { metric: queryMetric, biases, gram, task };
  const stack = measure.asRead ? await asRead(source, layer, target, plain, places, reading) : plain;
  const products = await HeadProducts.of(stack, stack, metric, gram, task);
  return { stack, own: ownProducts(products, stack.count), products };
}

/** [n, n] every pair. */
export async function comparePairs({ own, products }: ComparedHeads, setting: HeadSetting): Promise<Float32Array> {
  const { measure, comparison, task, target, layer } = setting;
  const n = own.length;
  const matrix = new Float32Array(n * n);
  for (const [row, a] of own.entries()) {
    // Later heads do less: the share of pairs that are done.
    task.report(`Comparing the ${target.toUpperCase()} heads of layer ${layer}`, 1 - ((n - row) * (n - row)) / (n * n));
    matrix[row * n + row] = measure.self;
    for (let column = row + 1; column < n; column += 1) {
      const b = own[column];
      if (b === undefined) continue;
      const value = await measure.pair(a, b, products.block(row, column), comparison);
      matrix[row * n + column] = value;
      matrix[column * n + row] = value;
      await comparison.breathe();
    }
  }
  return matrix;
}

/** [heads] each head with the pooled head of its group. @param groups of the heads */
export async function compareToPooled(
  { stack, own }: ComparedHeads,
  converted: WeightSource,
  groups: readonly number[],
  { layer, target, measure, metric, biases, comparison, gram, task }: HeadSetting,
): Promise<Float32Array> {
  const used = [...new Set(groups)];
  const pooledStack = chooseHeads(await readHeads(converted, layer, target, biases, task.signal), used);
  const pooled = ownProducts(await HeadProducts.of(pooledStack, pooledStack, metric, gram, task), used.length);
  const products = await HeadProducts.of(stack, pooledStack, metric, gram, task);
  const compare = measure.toPooled ?? measure.pair;
  const similarity = new Float32Array(own.length);
  for (const [head, block] of own.entries()) {
    const place = used.indexOf(groups[head] ?? 0);
    const shared = pooled[place];
    if (shared !== undefined) similarity[head] = await compare(block, shared, products.block(head, place), comparison);
    await comparison.breathe();
  }
  return similarity;
}

/** Each group as a whole, from group 0 on; null for measures of pairs only. @param groups of the heads */
export async function compareGroups(
  { products }: ComparedHeads,
  groups: readonly number[],
  { measure, comparison, task, target, layer }: HeadSetting,
): Promise<Float32Array | null> {
  if (measure.group === undefined) return null;
  const values: number[] = [];
  const all = membersOf(groups, Math.max(...groups) + 1).filter((members) => members.length > 0);
  for (const [group, members] of all.entries()) {
    task.report(`Comparing the groups of ${target.toUpperCase()} heads of layer ${layer}`, group / all.length);
    const product = (a: number, b: number): Block => products.block(members[a] ?? 0, members[b] ?? 0);
    values.push(await measure.group(members.length, product, comparison));
  }
  return Float32Array.from(values);
}
