/**
 * The story of a converted checkpoint: README.md for people, gqa-lens.json for this product.
 * Role: text only.
 */
import type { ModelSpec } from '../model/spec';

export interface Provenance {
  /** Name of the checkpoint that was converted. */
  sourceName: string;
  /** Registry ids. */
  grouping: string;
  merge: string;
  /** [L][KV heads of the source] group of each. */
  groupOfKvHead: readonly (readonly number[])[];
  date: Date;
}

/** The two files by name. */
export function describeConversion(
  name: string,
  original: ModelSpec,
  converted: ModelSpec,
  provenance: Provenance,
  repeatsHeads: boolean,
): Record<string, string> {
  const { sourceName, grouping, merge, groupOfKvHead, date } = provenance;
  const day = date.toISOString().slice(0, 10);
  const note = repeatsHeads
    ? [
        `The file format of this family has no field for the number of KV heads: each pooled head is stored ${original.G / converted.G}`,
        `times, once for every head that shares it. The model computes the same as with ${converted.G} KV heads, but its files and`,
        'its KV cache are not smaller.',
      ]
    : [`\`num_key_value_heads\` in config.json is ${converted.G}; all other fields are those of the original.`];
  const readme = [
    `# ${name}`,
    '',
    `Converted by GQA Lens from \`${sourceName}\` on ${day}: ${original.G} key/value heads a layer became ${converted.G}.`,
    '',
    `| | |`,
    `|---|---|`,
    `| source | ${sourceName} |`,
    `| layers, query heads | ${original.L}, ${original.H} |`,
    `| KV heads | ${original.G} → ${converted.G} |`,
    `| grouping | ${grouping} |`,
    `| merge | ${merge} |`,
    `| date | ${day} |`,
    '',
    ...note,
    'The grouping of every layer is in gqa-lens.json. A converted model loses quality until it is trained further',
    '(Ainslie et al. 2023, arXiv 2305.13245, section 2.1).',
    '',
  ].join('\n');
  const record = {
    source: sourceName,
    date: date.toISOString(),
    sourceKvHeads: original.G,
    kvHeads: converted.G,
    grouping,
    merge,
    repeatsHeads,
    groupOfKvHead,
  };
  return { 'README.md': readme, 'gqa-lens.json': `${JSON.stringify(record)}\n` };
}
