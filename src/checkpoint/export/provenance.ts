/**
 * The story of a converted checkpoint: README.md for people, gqa-lens.json for this product and others.
 * Role: text only.
 */
import { kvHeadsField } from '../../model/specFacts';
import type { ModelSpec } from '../../model/spec';
import { isEncoderOnly } from '../../protocol/layers';
import type { TextMeasures } from '../../protocol/measures';
import type { MethodInfo } from '../../protocol/methods';
import { dtypeNames, type FloatDtype } from '../dtypes';
import type { CheckpointIdentity } from '../identity';
import type { TensorToWrite } from '../safetensorsWriter';
import { equivalentFormat } from './equivalents';
import { pooledKvFile } from './pooledKv';

type Method = Pick<MethodInfo, 'id' | 'title' | 'description'>;

/** How a conversion was made. */
export interface Provenance {
  source: CheckpointIdentity;
  grouping: Method;
  merge: Method;
  /** What the methods were solved on, in words; null when they needed no text. */
  calibration: string | null;
  /** What the methods had to do otherwise than they say. */
  notes: readonly string[];
  /** [L][KV heads of the source] group of each. */
  groupOfKvHead: readonly (readonly number[])[];
  /** Against the source, in float32; null when it was not measured. */
  measured: { text: string; measures: TextMeasures } | null;
  /** Of this product. */
  version: string;
  date: Date;
}

/** The format that an export is written in. */
export interface WrittenFormat {
  /** "same", or the id of an equivalent format. */
  id: string;
  title: string;
  /** Each pooled head is stored once for every head that shares it. */
  repeatsHeads: boolean;
}

export interface DescribedExport {
  name: string;
  original: ModelSpec;
  converted: ModelSpec;
  provenance: Provenance;
  format: WrittenFormat;
  dtype: FloatDtype | null;
  /** Whether the source has quantised weights, which are written as numbers. */
  dequantises: boolean;
  /** Whether packed weights are copied as the source stores them, whatever the dtype. */
  keepsPacked: boolean;
  pooledKv: readonly TensorToWrite[];
}

/** The two files by name. */
export function describeConversion(described: DescribedExport): Record<string, string> {
  return { 'README.md': readme(described), 'gqa-lens.json': record(described) };
}

/** Why an export looks as it does, as paragraphs. The command line and the README say it alike. */
export function explainFormat({ id, title, repeatsHeads }: WrittenFormat, converted: ModelSpec): string[] {
  const { G, family } = converted;
  if (id !== 'same') {
    return [
      `The format of the original (${family}) has no field for the number of KV heads. This is the same model as ${title}, which has: it computes the same, and its files and KV cache hold ${heads(G)}.`,
    ];
  }
  if (!repeatsHeads) return [];
  const other = equivalentFormat(converted);
  return [
    `The format of this family (${family}) has no field for the number of KV heads: each pooled head is stored once for every head that shares it. The model computes the same as with ${heads(G)}, but ${isEncoderOnly(converted) ? 'its files are' : 'its files and its KV cache are'} not smaller.`,
    `${pooledKvFile} holds the pooled K and V once.`,
    ...(other ? [`Exported in the equivalent format, ${other.title}, files and cache are smaller.`] : []),
  ];
}

function heads(G: number): string {
  return G === 1 ? '1 KV head' : `${G} KV heads`;
}

function readme(described: DescribedExport): string {
  const { name, original, converted, provenance, format, pooledKv } = described;
  const { source, grouping, merge, calibration, notes, measured, version, date } = provenance;
  const day = date.toISOString().slice(0, 10);
  const method = ({ id, title, description }: Method): string => `${title} (\`${id}\`). ${description}`;
  const rows: [string, string][] = [
    ['source', source.name],
    ...(source.revision === null ? [] : [['revision', source.revision] satisfies [string, string]]),
    ['fingerprint of the source', `\`${source.fingerprint}\``],
    ['layers, query heads', `${original.L}, ${original.H}`],
    ['KV heads', `${original.G} → ${converted.G}`],
    ['grouping', method(grouping)],
    ['merge', method(merge)],
    ['solved on', calibration ?? 'weights alone'],
    ['weights', storedAs(described)],
    ['date', day],
  ];
  const field =
    format.id === 'same' && !format.repeatsHeads
      ? [`\`${kvHeadsField(original)}\` in config.json is ${converted.G}.`]
      : explainFormat(format, converted);
  return [
    `# ${name}`,
    `Converted by GQA Lens ${version} from \`${source.name}\` on ${day}: ${original.G} key/value heads a layer became ${converted.G}.`,
    table(['', ''], rows),
    ...field,
    ...(pooledKv.length === 0 ? [] : [table([`in ${pooledKvFile}`, 'shape'], pooledShapes(pooledKv))]),
    ...notes.map((note) => `Note: ${note}`),
    ...(measured === null ? [] : describeMeasures(measured)),
    'The grouping of every layer is in gqa-lens.json. A converted model has lost quality until it is trained further (Ainslie et al. 2023, arXiv 2305.13245, section 2.1).',
  ]
    .join('\n\n')
    .concat('\n');
}

function storedAs({ dtype, dequantises, keepsPacked }: DescribedExport): string {
  const packed = keepsPacked ? '; experts in MXFP4 as in the source' : '';
  if (dtype !== null) return `${dequantises ? 'dequantised, ' : ''}stored as ${dtypeNames[dtype]}${packed}`;
  return `stored in the types of the source${dequantises ? '; quantised ones as float32' : ''}`;
}

/** One row for all layers: the number of a layer is written N. */
function pooledShapes(pooledKv: readonly TensorToWrite[]): [string, string][] {
  const rows = pooledKv.map(({ name, shape }): [string, string] => [
    `\`${name.replace(/\d+/, 'N')}\``,
    `[${shape.join(', ')}]`,
  ]);
  return [...new Map(rows)];
}

function describeMeasures({ text, measures }: NonNullable<Provenance['measured']>): string[] {
  const { a, b, tokens, klMean, top1Agreement } = measures;
  const decimals = (value: number | null): string => (value === null ? '–' : value.toFixed(4));
  const rows: [string, string, string][] = [
    ['loss (nats)', decimals(a.loss), decimals(b.loss)],
    ['perplexity', decimals(a.perplexity), decimals(b.perplexity)],
    ['KL from the source (nats a token)', '', decimals(klMean)],
    ['same most probable token', '', `${(100 * top1Agreement).toFixed(1)} %`],
  ];
  return [
    `Measured in float32, before weights were stored, on ${tokens} tokens of ${text}:`,
    table(['', 'source', 'converted'], rows),
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), `|${header.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** One field a line, and in the grouping one layer a line. */
function record({ original, converted, provenance, format, dtype, pooledKv }: DescribedExport): string {
  const { source, grouping, merge, calibration, notes, groupOfKvHead, measured, version, date } = provenance;
  const fields: Record<string, unknown> = {
    gqaLens: version,
    source: source.name,
    revision: source.revision,
    fingerprint: source.fingerprint,
    date: date.toISOString(),
    sourceKvHeads: original.G,
    kvHeads: converted.G,
    grouping: grouping.id,
    merge: merge.id,
    calibration,
    notes,
    format: format.id,
    dtype,
    repeatsHeads: format.repeatsHeads,
    pooledKv: pooledKv.length === 0 ? null : Object.fromEntries(pooledKv.map(({ name, shape }) => [name, shape])),
    measures: measured === null ? null : numbers(measured),
  };
  const lines = Object.entries(fields).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const layers = groupOfKvHead.map((groups) => `    ${JSON.stringify(groups)}`).join(',\n');
  return `{\n${[...lines, `  "groupOfKvHead": [\n${layers}\n  ]`].join(',\n')}\n}\n`;
}

function numbers({ text, measures }: NonNullable<Provenance['measured']>): object {
  const { a, b, tokens, windows, klMean, top1Agreement } = measures;
  const side = ({ loss, perplexity }: typeof a): object => ({ loss, perplexity });
  return { text, tokens, windows, source: side(a), converted: side(b), klMean, top1Agreement };
}
