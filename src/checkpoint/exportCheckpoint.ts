/**
 * Writes a converted model as a plain Hugging Face folder that loads without this product.
 * Role: decides for each tensor whether it is copied or written anew, and which files go beside the weights. Merging
 * happened in the source that is given; tensors written anew are made in convertedTensors.ts.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GqaLensError } from '../protocol/errors';
import { contiguous } from '../gqa/permute';
import type { WeightSource } from '../model/spec';
import type { Checkpoint } from './checkpoint';
import { tensorsToWrite } from './convertedTensors';
import { readTextFile, withTopLevelNumber } from './json';
import { describeConversion, type Provenance } from './provenance';
import { byteLength } from './safetensorsWriter';
import { defaultShardBytes, writeWeights } from './shards';
import { writeNewFolder } from './newFolder';

export interface ExportRequest {
  checkpoint: Checkpoint;
  /** The converted model: spec.G changed, k and v read with spec.G heads. */
  source: WeightSource;
  /** The checkpoint as it is, which `source` wraps: what `source` passes through to it is copied byte for byte. */
  original: WeightSource;
  /** Must not exist. */
  outFolder: string;
  provenance: Provenance;
  shardBytes?: number;
  signal?: AbortSignal;
  report?: (message: string, fraction: number | null) => void;
}

export interface ExportResult {
  folder: string;
  files: string[];
  bytes: number;
  /** The format cannot say G, so each pooled head is stored once for every head that shares it. */
  repeatsHeads: boolean;
}

/** Files that belong to a model beside its weights and its config. */
const companions = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'vocab.txt',
  'tokenizer.model',
  'spiece.model',
  'chat_template.jinja',
];

/**
 * Exports a conversion. The folder appears whole or not at all.
 * @throws GqaLensError output-exists; conversion-invalid when there is no config.json to change or the format cannot hold
 *   the groups; what reading throws
 */
export async function exportConversion(request: ExportRequest): Promise<ExportResult> {
  const { checkpoint, source, original, outFolder, provenance, signal, report } = request;
  const { spec: originalSpec } = original;
  if (Object.keys(checkpoint.config).length === 0) {
    throw new GqaLensError('conversion-invalid', 'A checkpoint without config.json cannot be exported', {
      file: checkpoint.path,
      next: 'Put the config.json of the model beside its weights.',
    });
  }
  const repeatsHeads = !originalSpec.formatHasKvHeads && source.spec.G !== originalSpec.G;
  // Where each head's own K and V stand in its place any groups fit; elsewhere a file knows adjacent ones only.
  const ordered = repeatsHeads ? source : contiguous(source);
  const tensors = tensorsToWrite({ checkpoint, source: ordered, original, repeatsHeads, signal });
  const bytes = tensors.reduce((total, tensor) => total + byteLength(tensor), 0);
  let done = 0;
  const written = (count: number): void => {
    done += count;
    report?.('Writing weights', done / bytes);
  };
  const files = await writeNewFolder(outFolder, async (folder) => {
    const weights = await writeWeights(folder, tensors, request.shardBytes ?? defaultShardBytes, signal, written);
    const copied: string[] = [];
    for (const name of companions) {
      signal?.throwIfAborted();
      if (await isFile(join(checkpoint.folder, name))) {
        await writeFile(join(folder, name), await readFile(join(checkpoint.folder, name)), { flush: true });
        copied.push(name);
      }
    }
    const config = await readTextFile(join(checkpoint.folder, 'config.json'), signal);
    const texts: Record<string, string> = {
      'config.json': originalSpec.formatHasKvHeads
        ? withTopLevelNumber(config, 'num_key_value_heads', source.spec.G)
        : config,
      ...describeConversion(basename(outFolder), originalSpec, source.spec, provenance, repeatsHeads),
    };
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text, { flush: true });
    signal?.throwIfAborted();
    return [...weights, ...copied, ...Object.keys(texts)].sort();
  });
  return { folder: outFolder, files, bytes, repeatsHeads };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
