/** What a checkpoint's structure says, in words. Pure. */
import { t } from '@vscode/l10n';
import type { CheckpointStructure, HeadLayout } from '../../src/protocol/structure';
import { isEncoderOnly, noEncoderCache } from '../../src/protocol/layers';
import { formatBytes, formatCount } from '../shared/format';
import { formatInteger, formatRanges } from '../../src/protocol/numbers';
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
    [t('Family'), summary.family === 'unknown' ? '' : summary.familyTitle],
    [t('Parameters'), parametersText(summary), t('{0} parameters', formatInteger(summary.parameters))],
    [t('Layers'), L > 0 ? layersText(summary) : ''],
    [t('Hidden size'), D > 0 ? `${D}${F > 0 ? t(' · feed-forward {0}', F) : ''}` : ''],
    [
      t('Heads'),
      H > 0
        ? `${t('{0} query', H)} · ${G > 0 ? `${G} KV` : t('KV not known')}${K > 0 ? t(' · head size {0}', K) : ''}`
        : '',
    ],
    [t('Positions'), summary.position === 'unknown' ? '' : summary.position, positionsDetail(summary.maxPositions)],
    [t('KV cache'), cacheText(summary)],
    [t('Vocabulary'), V > 0 ? `${formatInteger(V)}${summary.tiedEmbeddings ? t(' · embeddings tied') : ''}` : ''],
    [t('Tokenizer'), describeTokenizer(summary)],
    [t('Besides'), summary.features.join('; ')],
    [t('On disk'), diskText(summary.bytesOnDisk, tensors), summary.path],
  ];
  const known = rows.filter(([, value]) => value !== '');
  const missing = rows.filter(([label, value]) => value === '' && label !== t('Besides')).map(([label]) => label);
  return [
    ...known.map(([label, value, detail]) => ({ label, value, ...(detail ? { detail } : {}) })),
    ...(missing.length > 0 ? [{ label: t('Not known'), value: missing.join(', ') }] : []),
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
  if (hasTokenizer) return t('found');
  return notRunnable === null ? t('none: token ids can be run') : t('none');
}

/** Layers of the model; of encoder and decoder where there are both. */
function layersText({ layers, L }: CheckpointStructure['summary']): string {
  const count = (stack: HeadLayout['stack']): number =>
    layers.filter((layer) => layer.stack === stack && layer.attention !== 'cross').length;
  const [encoder, decoder] = [count('encoder'), count('decoder')];
  if (encoder > 0 && decoder > 0) return t('{0} encoder + {1} decoder', encoder, decoder);
  return encoder > 0 ? t('{0} (encoder)', encoder) : String(L);
}

function positionsDetail(maxPositions: number | null): string | undefined {
  return maxPositions === null ? undefined : t('{0} positions at most', formatInteger(maxPositions));
}

function cacheText(summary: CheckpointStructure['summary']): string {
  const { kvCacheBytesPerToken: own, crossCacheBytesPerToken: cross } = summary;
  if (isEncoderOnly(summary)) return t('none: {0}', noEncoderCache);
  if (!(own > 0)) return '';
  const ownCache = t('{0} a token', formatBytes(own));
  return cross > 0 ? `${ownCache} ${t('+ {0} a token of the encoder', formatBytes(cross))}` : ownCache;
}

function diskText(bytes: number, list: TensorList): string {
  const { length } = list.names;
  const files = list.files();
  const tensors = length === 1 ? t('1 tensor') : t('{0} tensors', formatInteger(length));
  return `${formatBytes(bytes)} · ${tensors}${files.length > 1 ? ` ${t('in {0} files', files.length)}` : ''}`;
}

/** Which layers a layout is of: "Layers 0–31", "Decoder, cross-attention: 6 layers". */
export function layoutTitle(
  { layers, attention, stack, window }: HeadLayout,
  all: CheckpointStructure['summary'],
): string {
  const hasStacks = new Set(all.layers.map((layer) => layer.stack)).size > 1;
  const sees = window === null ? '' : t(' · window of {0}', formatInteger(window));
  if (layers.length === 0) return t('Layers: number not known');
  if (!hasStacks) {
    const numbers = formatRanges(layers);
    return (layers.length === 1 ? t('Layer {0}', numbers) : t('Layers {0}', numbers)) + sees;
  }
  const kind =
    stack === 'encoder'
      ? t('Encoder')
      : attention === 'cross'
        ? t('Decoder, cross-attention')
        : t('Decoder, self-attention');
  return `${kind}: ${layers.length === 1 ? t('1 layer') : t('{0} layers', layers.length)}${sees}`;
}

/** Who shares with whom, in a sentence. */
export function layoutSentence({ groupOfHead }: HeadLayout): string {
  const H = groupOfHead.length;
  const G = new Set(groupOfHead).size;
  if (H === 1) return t('One query head with its own KV head.');
  if (G === H) return t('{0} query heads, each with a KV head of its own (multi-head attention).', H);
  if (G === 1) return t('All {0} query heads share one KV head (multi-query attention).', H);
  const sizes = [...new Set(groupOfHead)].map((group) => groupOfHead.filter((own) => own === group).length);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const each = least === most ? t('{0} share each', least) : t('{0} to {1} share each', least, most);
  return t('{0} query heads on {1} KV heads: {2} (grouped-query attention).', H, G, each);
}
