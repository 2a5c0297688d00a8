/** `gqa-lens similarity MODEL`: how alike the KV heads of each layer are. Works on weights and needs no GPU. */
import { Option, type Command } from 'commander';
import { similarities } from '../../gqa/similarity';
import type { ModelSummary, SimilarityResult } from '../../protocol/model';
import type { CommonOptions, OpenContext } from './command';
import {
  conversionRequest,
  methodHelp,
  methodOption,
  wholeNumber,
  withConversion,
  withJson,
  type ConversionOptions,
} from './options';
import { table } from './text';

interface SimilarityOptions extends CommonOptions, ConversionOptions {
  measure: string;
  layer?: number;
}

/** K and V of one layer. */
interface LayerResult {
  k: SimilarityResult;
  v: SimilarityResult;
}

/** Adds the command. */
export function addSimilarity(program: Command, open: OpenContext): void {
  const command = withJson(program.command('similarity'))
    .argument('<model>', 'checkpoint folder, .safetensors file, or index file')
    .description('Show how alike the KV heads of each layer are, beside the floor of random heads. Needs no GPU.')
    .addOption(new Option('--on <what>', 'what is compared').choices(['weights']).default('weights'))
    .addOption(methodOption('--measure <measure>', 'how heads are compared', similarities, 'aligned'))
    .option('--layer <n>', 'only this layer, with its matrix', wholeNumber(0))
    .option('--groups <G>', 'also compare each head with the pooled head of its group', wholeNumber(1));
  withConversion(command)
    .addHelpText('after', methodHelp('Measures', similarities))
    .action(async (path: string, options: SimilarityOptions) => {
      const { engine, openModel, task, print } = open();
      const model = await openModel(path);
      const { modelId } = model;
      const conversion = await conversionRequest(options, model.G, { engine, modelId }, command);
      const ask = { modelId, measure: options.measure, conversion, on: 'weights' as const };
      const layers: LayerResult[] = [];
      const first = options.layer ?? 0;
      for (let layer = first; layer < (options.layer === undefined ? model.L : first + 1); layer += 1) {
        layers.push({
          k: await engine.similarity({ ...ask, layer, target: 'k' }, task),
          v: await engine.similarity({ ...ask, layer, target: 'v' }, task),
        });
      }
      print(
        options,
        { model: model.name, on: 'weights', measure: options.measure, conversion, layers: layers.map(toJson) },
        describe(model, layers, {
          ...options,
          merge: conversion.merge,
          ...(conversion.assignment && { groups: conversion.G }),
        }),
      );
    });
}

/** Plain arrays: matrices as rows of numbers. */
function toJson({ k, v }: LayerResult): object {
  const plain = (result: SimilarityResult): object => ({
    matrix: rowsOf(result).map((row) => Array.from(row)),
    toPooled: Array.from(result.toPooled),
    groups: result.groups,
    floor: result.floor,
    pooledFloor: result.pooledFloor,
  });
  return { layer: k.layer, k: plain(k), v: plain(v) };
}

function rowsOf({ matrix, n }: SimilarityResult): Float32Array[] {
  return Array.from({ length: n }, (_, row) => matrix.subarray(row * n, (row + 1) * n));
}

function describe(model: ModelSummary, layers: readonly LayerResult[], options: SimilarityOptions): string {
  const title = `${model.name} · ${options.measure} similarity of ${model.G} KV heads, on weights`;
  const pooled = options.groups === undefined ? '' : ` · pooled to ${options.groups} groups (${options.merge ?? ''})`;
  const [only] = layers;
  if (options.layer !== undefined && only !== undefined) {
    return [
      `${title} · layer ${only.k.layer}${pooled}`,
      describeMatrix('K', only.k, options),
      describeMatrix('V', only.v, options),
    ].join('\n\n');
  }
  const withPooled = options.groups !== undefined;
  const columns = ['mean', 'max', ...(withPooled ? ['pooled'] : [])];
  const header = ['layer', ...columns.map((name) => `K ${name}`), ...columns.map((name) => `V ${name}`)];
  const cells = (result: SimilarityResult): string[] => {
    const { mean, max } = summary(result);
    return [mean, max, ...(withPooled ? [average(result.toPooled)] : [])].map(number);
  };
  const rows = layers.map((layer) => [String(layer.k.layer), ...cells(layer.k), ...cells(layer.v)]);
  const floorCells = (pick: (layer: LayerResult) => SimilarityResult): string[] => [
    number(average(layers.map((layer) => pick(layer).floor))),
    '',
    ...(withPooled ? [number(average(layers.map((layer) => pick(layer).pooledFloor)))] : []),
  ];
  const floor = ['floor', ...floorCells(({ k }) => k), ...floorCells(({ v }) => v)];
  return `${title}${pooled}\n\n${table([header, ...rows, floor], 'l' + 'r'.repeat(header.length - 1))}\n\nfloor: random heads of the same shape. What is near it is not similar.`;
}

function describeMatrix(name: string, result: SimilarityResult, options: SimilarityOptions): string {
  const withPooled = options.groups !== undefined;
  const header = [name, ...Array.from(result.toPooled, (_, head) => String(head)), ...(withPooled ? ['pooled'] : [])];
  const rows = rowsOf(result).map((row, head) => [
    String(head),
    ...Array.from(row, number),
    ...(withPooled ? [number(result.toPooled[head] ?? NaN)] : []),
  ]);
  const floor = `floor ${number(result.floor)}${withPooled ? `, of pooled heads ${number(result.pooledFloor)}` : ''}`;
  return `${table([header, ...rows], 'r'.repeat(header.length))}\n${floor}`;
}

/** Mean and largest value of the pairs of different heads; NaN of a single head. */
function summary({ matrix, n }: SimilarityResult): { mean: number; max: number } {
  const pairs = matrix.filter((_, index) => index % n > Math.floor(index / n));
  return { mean: average(pairs), max: pairs.reduce((largest, value) => Math.max(largest, value), -Infinity) };
}

function average(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function number(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : '–';
}
