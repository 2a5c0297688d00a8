/** What a checkpoint's structure says, in words. Pure. */
import type { CheckpointStructure, HeadLayout } from '../../src/protocol/structure';
import { isEncoderOnly, noEncoderCache } from '../../src/protocol/layers';
import { formatBytes, formatCount, formatInteger, formatRanges } from '../shared/format';
import type { TensorList } from './tensorList';

/** "4096 × 1024"; a tensor without dimensions holds one number. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join(' × ');
}

export interface Fact {
  label: string;
  value: string;
  /** More of it, for a tool tip. */
  detail?: string;
}

/** What is known of the architecture, and in the last row what is not. */
export function factsOf(summary: CheckpointStructure['summary'], tensors: TensorList): Fact[] {
  const { L, D, H, G, K, F, V } = summary;
  const rows: [label: string, value: string, detail?: string | undefined][] = [
    ['Family', summary.family === 'unknown' ? '' : summary.familyTitle],
    ['Parameters', parametersText(summary), `${formatInteger(summary.parameters)} parameters`],
    ['Layers', L > 0 ? layersText(summary) : ''],
    ['Hidden size', D > 0 ? `${D}${F > 0 ? ` · feed-forward ${F}` : ''}` : ''],
    ['Heads', H > 0 ? `${H} query · ${G > 0 ? `${G} KV` : 'KV not known'}${K > 0 ? ` · head size ${K}` : ''}` : ''],
    ['Positions', summary.position === 'unknown' ? '' : summary.position, positionsDetail(summary.maxPositions)],
    ['KV cache', cacheText(summary)],
    ['Vocabulary', V > 0 ? `${formatInteger(V)}${summary.tiedEmbeddings ? ' · embeddings tied' : ''}` : ''],
    ['Tokenizer', describeTokenizer(summary)],
    ['Besides', summary.features.join('; ')],
    ['On disk', diskText(summary.bytesOnDisk, tensors), summary.path],
  ];
  const known = rows.filter(([, value]) => value !== '');
  const missing = rows.filter(([label, value]) => value === '' && label !== 'Besides').map(([label]) => label);
  return [
    ...known.map(([label, value, detail]) => ({ label, value, ...(detail ? { detail } : {}) })),
    ...(missing.length > 0
      ? [{ label: 'Not known', value: missing.join(', ').toLowerCase().replace('kv', 'KV') }]
      : []),
  ];
}

function parametersText({ parameters, dtypes }: CheckpointStructure['summary']): string {
  const kinds = Object.entries(dtypes).sort(([, a], [, b]) => b - a);
  const [only] = kinds;
  if (only === undefined) return '';
  if (kinds.length === 1) return `${formatCount(parameters)} · ${only[0]}`;
  return `${formatCount(parameters)}: ${kinds.map(([dtype, count]) => `${dtype} ${formatCount(count)}`).join(' · ')}`;
}

/** A model that cannot run takes no token ids either. */
function describeTokenizer({ hasTokenizer, notRunnable }: CheckpointStructure['summary']): string {
  if (hasTokenizer) return 'found';
  return notRunnable === null ? 'none: token ids can be run' : 'none';
}

/** Layers of the model; of encoder and decoder where there are both. */
function layersText({ layers, L }: CheckpointStructure['summary']): string {
  const count = (stack: HeadLayout['stack']): number =>
    layers.filter((layer) => layer.stack === stack && layer.attention !== 'cross').length;
  const [encoder, decoder] = [count('encoder'), count('decoder')];
  if (encoder > 0 && decoder > 0) return `${encoder} encoder + ${decoder} decoder`;
  return encoder > 0 ? `${encoder} (encoder)` : String(L);
}

function positionsDetail(maxPositions: number | null): string | undefined {
  return maxPositions === null ? undefined : `${formatInteger(maxPositions)} positions at most`;
}

function cacheText(summary: CheckpointStructure['summary']): string {
  const { kvCacheBytesPerToken: own, crossCacheBytesPerToken: cross } = summary;
  if (isEncoderOnly(summary)) return `none: ${noEncoderCache}`;
  if (!(own > 0)) return '';
  return `${formatBytes(own)} a token${cross > 0 ? ` + ${formatBytes(cross)} a token of the encoder` : ''}`;
}

function diskText(bytes: number, list: TensorList): string {
  const { length } = list.names;
  const files = list.files();
  const tensors = `${formatInteger(length)} tensor${length === 1 ? '' : 's'}`;
  return `${formatBytes(bytes)} · ${tensors}${files.length > 1 ? ` in ${files.length} files` : ''}`;
}

/** Which layers a layout is of: "Layers 0–31", "Decoder, cross-attention: 6 layers". */
export function layoutTitle(
  { layers, attention, stack, window }: HeadLayout,
  all: CheckpointStructure['summary'],
): string {
  const hasStacks = new Set(all.layers.map((layer) => layer.stack)).size > 1;
  const sees = window === null ? '' : ` · window of ${formatInteger(window)}`;
  if (layers.length === 0) return 'Layers: number not known';
  if (!hasStacks) {
    return `Layer${layers.length === 1 ? '' : 's'} ${formatRanges(layers)}${sees}`;
  }
  const kind =
    stack === 'encoder' ? 'Encoder' : attention === 'cross' ? 'Decoder, cross-attention' : 'Decoder, self-attention';
  return `${kind}: ${layers.length} layer${layers.length === 1 ? '' : 's'}${sees}`;
}

/** Who shares with whom, in a sentence. */
export function layoutSentence({ groupOfHead }: HeadLayout): string {
  const H = groupOfHead.length;
  const G = new Set(groupOfHead).size;
  if (H === 1) return 'One query head with its own KV head.';
  if (G === H) return `${H} query heads, each with a KV head of its own (multi-head attention).`;
  if (G === 1) return `All ${H} query heads share one KV head (multi-query attention).`;
  const sizes = [...new Set(groupOfHead)].map((group) => groupOfHead.filter((own) => own === group).length);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const each = least === most ? `${least} share each` : `${least} to ${most} share each`;
  return `${H} query heads on ${G} KV heads: ${each} (grouped-query attention).`;
}
