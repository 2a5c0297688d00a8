/**
 * The summary of a checkpoint that the inspector, the pickers and `gqa-lens inspect` show.
 * Role: headers and config to plain numbers. It reads no weights.
 */
import { basename } from 'node:path';
import { isBlockDtype } from '../checkpoint/blockDtypes';
import type { Checkpoint, TensorInfo } from '../checkpoint/checkpoint';
import { bytesPerElement, isWeightDtype } from '../checkpoint/dtypes';
import { groupChoices } from '../gqa/grouping';
import { kvCacheBytesPerToken } from '../gqa/measures';
import type { LayerView, ModelSummary } from '../protocol/model';
import { describeUnknown, whatIsMissing, type UnknownModel } from './describeUnknown';
import { describeFeatures } from './features';
import { families } from './families';
import type { ModelSpec } from './spec';

/** What the caller knows besides: an id, whether a tokenizer was loaded, and why a known family cannot run. */
export interface SummaryContext {
  modelId: string;
  hasTokenizer: boolean;
  /** The message of the error that resolveModel threw; null when it gave a spec. */
  notRunnable: string | null;
}

/** Summarises a checkpoint. Without a spec, sizes that the config does not tell are 0. */
export function summarise(checkpoint: Checkpoint, spec: ModelSpec | null, context: SummaryContext): ModelSummary {
  const dtypes = countParameters(checkpoint, spec);
  const dtype = Object.entries(dtypes).reduce((most, entry) => (entry[1] > most[1] ? entry : most), ['none', 0])[0];
  const { isLatent, ...sizes } = spec
    ? { isLatent: false, ...sizesOf(spec) }
    : guessSizes(checkpoint, context.notRunnable);
  const cacheBytes = (kind: LayerView['attention']): number => {
    // What latent attention keeps is not told by heads.
    if (isLatent) return 0;
    const L = sizes.layers.filter(({ attention }) => attention === kind).length;
    return kvCacheBytesPerToken({ ...sizes, L }, dtype);
  };
  return {
    ...sizes,
    features: [...sizes.features, ...(checkpoint.notes ?? [])],
    modelId: context.modelId,
    name: basename(checkpoint.path),
    path: checkpoint.path,
    parameters: Object.values(dtypes).reduce((total, count) => total + count, 0),
    dtypes,
    dtype,
    bytesOnDisk: checkpoint.bytesOnDisk,
    hasTokenizer: context.hasTokenizer,
    kvCacheBytesPerToken: cacheBytes('causal'),
    crossCacheBytesPerToken: cacheBytes('cross'),
    groupChoices: spec ? groupChoices(spec.G) : [],
  };
}

type SpecPart = Omit<
  ModelSummary,
  | ('modelId' | 'name' | 'path' | 'parameters' | 'dtypes' | 'dtype')
  | ('bytesOnDisk' | 'hasTokenizer' | 'kvCacheBytesPerToken' | 'crossCacheBytesPerToken' | 'groupChoices')
>;

function sizesOf(spec: ModelSpec): SpecPart {
  const { family, L, D, H, G, K, F, V, tiedEmbeddings, maxPositions } = spec;
  return {
    ...{ family, L, D, H, G, K, F, V, tiedEmbeddings, maxPositions },
    layers: spec.layers.map(layerView),
    familyTitle: families.find(({ id }) => id === family)?.title ?? family,
    position: spec.positionText,
    features: describeFeatures(spec),
    notRunnable: null,
  };
}

function layerView({ title, name, stack, attention, grouped }: LayerView): LayerView {
  return { title, name, stack, attention, grouped };
}

function guessSizes(checkpoint: Checkpoint, notRunnable: string | null): SpecPart & Pick<UnknownModel, 'isLatent'> {
  const { D, H, G, K, F, V, layers, isLatent, ...model } = describeUnknown(checkpoint);
  return {
    ...{ L: layers.length, D: D ?? 0, H: H ?? 0, G: G ?? 0, K: K ?? 0, F: F ?? 0, V: V ?? 0 },
    ...{ layers, isLatent },
    family: model.modelType,
    familyTitle: families.find(({ id }) => id === model.modelType)?.title ?? model.modelType,
    tiedEmbeddings: model.tiedEmbeddings,
    maxPositions: model.maxPositions,
    position: 'unknown',
    features: [],
    notRunnable: notRunnable ?? whatIsMissing(checkpoint).message,
  };
}

/**
 * Parameters by stored dtype, each stored tensor once. With a spec, only what the model computes with counts: neither
 * buffers, such as GPT-2's stored causal masks, nor a stored copy of a tied head.
 */
function countParameters(checkpoint: Checkpoint, spec: ModelSpec | null): Record<string, number> {
  const used = spec ? usedTensors(spec) : null;
  const counted = (info: TensorInfo): boolean =>
    used
      ? used.has(info.name)
      : (isWeightDtype(info.dtype) || isBlockDtype(info.dtype)) &&
        checkpoint.quantisation?.companions.has(info.name) !== true;
  const dtypes: Record<string, number> = {};
  for (const info of checkpoint.tensors.values()) {
    if (!counted(info)) continue;
    dtypes[info.dtype] = (dtypes[info.dtype] ?? 0) + info.byteLength / bytesPerElement[info.dtype];
  }
  return dtypes;
}

function usedTensors(spec: ModelSpec): Set<string> {
  const refs = [spec.globals, ...spec.layers.flatMap(({ weights, experts = [] }) => [weights, ...experts])].flatMap(
    (roles) => Object.values(roles),
  );
  return new Set(refs.map(({ tensor }) => tensor));
}
