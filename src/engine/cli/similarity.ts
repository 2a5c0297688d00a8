/** `gqa-lens similarity MODEL`: how alike the heads of each layer are, and what a conversion does to each. */
import { Option, type Command } from 'commander';
import { findSimilarity, similarities } from '../../gqa/similarity';
import type { SimilarityMeasure } from '../../gqa/similarities/measure';
import { decoderTokens, encoderTokens } from '../../model/tokens';
import { usualCalibration } from '../../protocol/conversion';
import type { HeadDamage } from '../../protocol/damage';
import type { ModelSummary } from '../../protocol/model';
import type { SimilarityBasis, SimilarityRequest, SimilarityResult } from '../../protocol/similarity';
import type { RunInput } from '../../protocol/tokens';
import { calibrationWindows } from '../calibrationText';
import { usualWindow } from '../textFile';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import { hasInput, requireInput, withInput, withTextFile, type InputOptions } from './inputOptions';
import { layerName, layersNamed } from './layers';
import {
  calibrationOf,
  conversionRequest,
  methodHelp,
  wholeNumber,
  withConversion,
  withJson,
  type ConversionOptions,
} from './options';
import { describeSimilarity, type LayerSimilarity } from './similarityText';

interface SimilarityOptions extends CommonOptions, ConversionOptions, InputOptions {
  on: SimilarityBasis;
  measure?: string;
  layer?: string;
  damage?: boolean;
}

const bases: readonly SimilarityBasis[] = ['weights', 'activations', 'attention'];

/** Adds the command. */
export function addSimilarity(program: Command, open: OpenContext): void {
  const command = withJson(program.command('similarity'))
    .argument('<model>', 'checkpoint folder, weight file, or index file')
    .description('Show how alike the heads of each layer are, beside the floor of random heads. Weights need no GPU.')
    .addOption(
      new Option('--on <what>', "K and V heads by weights or by a text's activations, or query heads by their maps")
        .choices(bases)
        .default('weights'),
    )
    .addOption(
      new Option('--measure <measure>', 'how heads are compared (default: the first below that fits)').choices(
        similarities.map(({ id }) => id),
      ),
    )
    .option(
      '--layer <layer>',
      'only this layer, with its matrix: 3; of encoder-decoders cross.0, or all of decoder',
      layerName,
    )
    .option('--groups <G>', 'also compare each head with the pooled head of its group', wholeNumber(1))
    .option('--damage', "also measure what the conversion does to each query head's output");
  withTextFile(withInput(command), 'text file in the place of --text (default: a bundled excerpt)', 'calibrate');
  withConversion(command)
    .addHelpText('after', methodHelp('Measures', similarities.map(withBases)))
    .action(async (path: string, options: SimilarityOptions) => {
      const measure = measureOf(options);
      checkText(options, command);
      const context = open();
      const model = await context.openModel(path);
      const { modelId } = model;
      const asked = await conversionRequest(options, model.G, { engine: context.engine, modelId }, command);
      // What activations are of is also what methods are solved on.
      const text = options.textFile === undefined ? {} : calibrationOf({ ...options, calibrate: options.textFile });
      const conversion = { ...asked, ...text };
      const converts = conversion.G < model.G;
      if (options.damage && !converts) {
        command.error('error: --damage is that of a conversion; give --groups G', { exitCode: 2 });
      }
      const runId = needsRun(options) ? await runText(model, options, context, command) : null;
      const ask = { modelId, on: options.on, measure: measure.id, conversion, ...(runId === null ? {} : { runId }) };
      const chosen = options.layer === undefined ? [...model.layers.keys()] : layersNamed(model, options.layer);
      const layers: LayerSimilarity[] = [];
      for (const layer of chosen) {
        layers.push({
          layer,
          name: model.layers[layer]?.name ?? String(layer),
          results: await compareLayer({ ...ask, layer, target: 'k' }, context),
          damage: options.damage
            ? await context.engine.headDamage({ ...ask, runId: runId ?? '', layer }, context.task)
            : null,
        });
      }
      const { on } = options;
      const machine = { model: model.name, on, measure: measure.id, conversion, layers: layers.map(toJson) };
      context.print(
        options,
        { ...machine, text: layers[0]?.results[0]?.text ?? null },
        describeSimilarity(model, layers, {
          on,
          measure,
          isSingle: options.layer !== undefined && chosen.length === 1,
          pooled: converts ? conversion : null,
        }),
      );
    });
}

/** K and V, or the query heads' maps. */
async function compareLayer(request: SimilarityRequest, { engine, task }: CommandContext): Promise<SimilarityResult[]> {
  const targets = request.on === 'attention' ? (['k'] as const) : (['k', 'v'] as const);
  const results: SimilarityResult[] = [];
  for (const target of targets) results.push(await engine.similarity({ ...request, target }, task));
  return results;
}

function measureOf({ on, measure }: SimilarityOptions): SimilarityMeasure {
  if (measure !== undefined) return findSimilarity(measure, on);
  const usual = similarities.find((method) => method.on.includes(on));
  if (usual === undefined) throw new Error(`no measure works on ${on}`);
  return usual;
}

const withBases = (method: SimilarityMeasure): SimilarityMeasure => ({
  ...method,
  description: `${method.description} On ${method.on.join(', ')}.`,
});

/** Maps and damage are those of one run; activations only where a text is given in words. */
function needsRun({ on, damage, ...input }: SimilarityOptions): boolean {
  return on === 'attention' || damage === true || (on === 'activations' && hasInput(input));
}

function checkText(options: SimilarityOptions, command: Command): void {
  if (options.on !== 'weights' || options.damage) return;
  if (!hasInput(options) && options.textFile === undefined) return;
  command.error('error: a text says nothing about weights; add --on activations', { exitCode: 2 });
}

/** Runs the text, or the first window of the text file, through the checkpoint as it is. */
async function runText(
  { modelId, maxPositions }: ModelSummary,
  options: SimilarityOptions,
  { engine, task }: CommandContext,
  command: Command,
): Promise<string> {
  const fromFile = async (): Promise<RunInput> => {
    const model = engine.model(modelId);
    const text = { ...usualCalibration, file: options.textFile ?? null, tokens: usualWindow(model) };
    const [window = []] = await calibrationWindows(model, text);
    const [ids, decoder] = [encoderTokens(window), decoderTokens(window)];
    if (ids === null) return { kind: 'ids', ids: [...decoder] };
    return { kind: 'ids', ids: [...ids], decoder: { kind: 'ids', ids: [...decoder] } };
  };
  const input = hasInput(options) ? requireInput(options, command) : await fromFile();
  const maxTokens = maxPositions ?? Number.MAX_SAFE_INTEGER;
  return (await engine.run({ modelId, input, conversion: null, maxTokens }, task)).runId;
}

/** Plain arrays: matrices as rows of numbers. */
function toJson({ layer, name, results, damage }: LayerSimilarity): object {
  const plain = ({ matrix, n, ...result }: SimilarityResult): object => ({
    matrix: Array.from({ length: n }, (_, row) => Array.from(matrix.subarray(row * n, (row + 1) * n))),
    toPooled: Array.from(result.toPooled),
    groups: result.groups,
    ofGroup: result.ofGroup && Array.from(result.ofGroup),
    floor: result.floor,
    floorExtreme: result.floorExtreme,
    pooledFloor: result.pooledFloor,
    groupFloor: result.groupFloor,
  });
  const compared = results.map((result) => [result.on === 'attention' ? 'q' : result.target, plain(result)] as const);
  return { layer, name, ...Object.fromEntries(compared), ...(damage ? { damage: damageJson(damage) } : {}) };
}

function damageJson({ observed, byValues, byKeys }: HeadDamage): object {
  const predicted = observed.map((_, head) => (byValues[head] ?? NaN) + (byKeys[head] ?? NaN));
  return {
    observed: Array.from(observed),
    predicted: Array.from(predicted),
    byValues: Array.from(byValues),
    byKeys: Array.from(byKeys),
  };
}
