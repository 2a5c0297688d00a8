/**
 * What a checkpoint is shown with before the user chose anything, and how the text box is read.
 * Pure functions of what the engine told: no state, no editor. The host starts sessions with them, the command line reports.
 */
import type { ConversionRequest } from './conversion';
import type { DiffUi } from './diffView';
import { GqaLensError } from './errors';
import type { ExplorerUi } from './explorerView';
import { hasBothStacks } from './layers';
import { recommendedMethod, type Registries } from './methods';
import type { ModelSummary } from './model';
import type { RunInput, TextInput } from './tokens';
import type { MapView } from './views';

/** Names and quotes repeat in it, so that heads which look back show themselves. */
const sampleText =
  'Sherlock Holmes took his bottle from the corner of the mantelpiece. "My dear Watson," said Holmes, "the man with the red hair is not the man we want." Watson looked at Holmes with surprise.';

/** T5 fills gaps: the tokens that mark them are in its tokenizers. */
const sampleGaps =
  'Sherlock Holmes took <extra_id_0> from the corner of the mantelpiece. "My dear <extra_id_1>," said Holmes, "the man with the red hair is not <extra_id_2> we want."';

/** Token ids shown where there is no tokenizer: enough for a map to have a shape. */
const sampleIds = 16;

/** The text of a first run; ids separated by commas for a checkpoint without a tokenizer. */
export function defaultText(model: ModelSummary): string {
  if (model.hasTokenizer) return model.family === 't5' ? sampleGaps : sampleText;
  return Array.from({ length: Math.min(sampleIds, model.V) }, (_, id) => id).join(', ');
}

/** Reads the text box: text where there is a tokenizer, else token ids separated by commas or spaces. */
export function parseInput(text: string, model: ModelSummary): TextInput {
  if (model.hasTokenizer) return { kind: 'text', text };
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !/^\d+$/.test(word) || Number(word) >= model.V);
  if (wrong !== undefined || words.length === 0) {
    throw new GqaLensError('input-invalid', 'This checkpoint has no tokenizer: the input must be token ids', {
      expected: `whole numbers from 0 to ${model.V - 1}, separated by commas`,
      found: wrong ?? 'nothing',
      next: 'Put a tokenizer.json beside the checkpoint to enter text.',
    });
  }
  return { kind: 'ids', ids: words.map(Number) };
}

/** Reads both text boxes of an encoder-decoder; other models have one. Nothing for the decoder leaves it to the model. */
export function parseInputs(text: string, decoderText: string, model: ModelSummary): RunInput {
  const input = parseInput(text, model);
  const hasDecoderText = hasBothStacks(model) && decoderText.trim() !== '';
  return hasDecoderText ? { ...input, decoder: parseInput(decoderText, model) } : input;
}

/** An MHA checkpoint is shown beside a four times smaller cache (8 heads: 2 groups); a grouped one, or one that cannot be run, as it is. */
export function defaultConversion(model: ModelSummary, registries: Registries): ConversionRequest {
  const quarter = model.groupChoices.find((G) => G * 4 <= model.H) ?? 1;
  return {
    G: model.G === model.H && model.notRunnable === null ? quarter : model.G,
    grouping: preferred(registries.groupings, 'contiguous'),
    merge: recommendedMethod(registries.merges, false).id,
  };
}

/** Groups made by hand belong to one number of groups: with another, adjacent heads share again. */
export function withoutStaleAssignment(conversion: ConversionRequest): ConversionRequest {
  const { assignment, ...rest } = conversion;
  if (assignment === undefined) return conversion;
  if (rest.grouping !== 'manual') return rest;
  const fits = assignment.some((groups) => new Set(groups).size === rest.G);
  return fits ? conversion : { ...rest, grouping: 'contiguous' };
}

const wholeMap: MapView = { x: 0, y: 0, span: 1 };

/** The middle layer is shown: the first ones attend mostly to position. */
export function defaultExplorerUi(model: ModelSummary, registries: Registries): ExplorerUi {
  return {
    layer: Math.floor(model.L / 2),
    group: null,
    head: null,
    similarityTarget: 'k',
    similarityInputs: 'weights',
    similarityMeasure: preferred(registries.similarities, 'aligned'),
    similarityOrder: 'group',
    pairRow: null,
    pairColumn: null,
    scale: 'log',
    hideFirstToken: false,
    mapsOf: 'original',
    mapValues: 'probabilities',
    memberMaps: 'own',
    zoom: wholeMap,
    token: null,
    statistic: 'similarity',
    layerOrder: 'number',
    layerOrderDescending: false,
    textMode: 'shades',
    textDirection: 'from',
    textBy: 'group',
  };
}

export function defaultDiffUi(model: ModelSummary): DiffUi {
  const layer = Math.floor(model.L / 2);
  return {
    ...{ layer, head: 0, scale: 'log', hideFirstToken: false, mapValues: 'probabilities', memberMaps: 'own' },
    ...{ zoom: wholeMap, token: null, headOrder: 'group', movedBy: 'kl' },
  };
}

function preferred(methods: readonly { id: string }[], id: string): string {
  return methods.find((method) => method.id === id)?.id ?? methods[0]?.id ?? id;
}
