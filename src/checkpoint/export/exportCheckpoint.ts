/**
 * Writes a converted model as a plain Hugging Face folder that loads without this product.
 * Role: which files the folder gets. Merging happened in the source that is given; tensors are made in
 * convertedTensors.ts and roleTensors.ts, texts in provenance.ts.
 */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { contiguous } from '../../gqa/permute';
import { kvHeadsField } from '../../model/specFacts';
import type { ModelSpec } from '../../model/spec';
import type { WeightSource } from '../../model/weightSource';
import { GqaLensError } from '../../protocol/errors';
import { isBlockDtype } from '../blockDtypes';
import type { Checkpoint } from '../checkpoint';
import { dtypeNames, type FloatDtype } from '../dtypes';
import { readTextFile, withObject, withoutObject, withTopLevelValue } from '../json';
import { byteLength, writeSafetensors, type TensorToWrite } from '../safetensorsWriter';
import { writeCompanions } from './companions';
import { tensorsToWrite } from './convertedTensors';
import { equivalentFormat, needsEquivalent, refusals, type EquivalentFormat } from './equivalents';
import { checkNewFolder, writeNewFolder } from './newFolder';
import { pooledKvFile, pooledKvTensors } from './pooledKv';
import { describeConversion, type Provenance, type WrittenFormat } from './provenance';
import { replacesOtherThan } from './replaceable';
import { writeRoles } from './roleTensors';
import { defaultShardBytes, writeWeights } from './shards';

export interface CheckpointExport {
  checkpoint: Checkpoint;
  /** The converted model: spec.G changed, k and v read with spec.G heads. */
  source: WeightSource;
  /** The checkpoint as it is, which `source` wraps: what `source` passes through to it is copied byte for byte. */
  original: WeightSource;
  outFolder: string;
  /** Whether a checkpoint that lies there is replaced, once the new one is complete. */
  overwrite?: boolean;
  /** Float type of the weights; null: each tensor's own. */
  dtype?: FloatDtype | null;
  /** The checkpoint's own format, or one that can say G where that one cannot. */
  format?: 'same' | 'equivalent';
  provenance: Provenance;
  shardBytes?: number;
  signal?: AbortSignal;
  report?: (message: string, fraction: number | null) => void;
}

export interface ExportedFolder {
  folder: string;
  files: string[];
  /** Of all tensors. */
  bytes: number;
  format: WrittenFormat;
}

/** What an export of a checkpoint says in config.json and in its weights. */
interface Contents {
  format: WrittenFormat;
  config: string;
  tensors: TensorToWrite[];
  /** Goes into pooledKvFile. */
  pooledKv: TensorToWrite[];
}

/**
 * Checks where an export would go before anything is computed for it.
 * @throws GqaLensError output-exists
 */
export function checkExportFolder({
  checkpoint,
  outFolder,
  overwrite = false,
}: Pick<CheckpointExport, 'checkpoint' | 'outFolder' | 'overwrite'>): Promise<void> {
  return checkNewFolder(outFolder, overwrite ? replacesOtherThan(checkpoint) : undefined);
}

/**
 * Exports a conversion. The folder appears whole or not at all.
 * @throws GqaLensError output-exists; conversion-invalid when there is no config.json to change, when the format cannot hold
 *   the groups, or when a weight does not fit the dtype; what reading throws
 */
export async function exportCheckpoint(request: CheckpointExport): Promise<ExportedFolder> {
  const { checkpoint, source, original, outFolder, provenance, signal, report } = request;
  const { format, config, tensors, pooledKv } = await contentsOf(request);
  const bytes = tensors.reduce((total, tensor) => total + byteLength(tensor), 0);
  let done = 0;
  const written = (count: number): void => {
    done += count;
    report?.('Writing weights', done / bytes);
  };
  const fill = async (folder: string): Promise<string[]> => {
    const weights = await writeWeights(folder, tensors, request.shardBytes ?? defaultShardBytes, signal, written);
    if (pooledKv.length > 0) await writeSafetensors(join(folder, pooledKvFile), pooledKv, signal);
    const companions = await writeCompanions(checkpoint, folder, signal);
    const texts: Record<string, string> = {
      'config.json': config,
      ...describeConversion({
        name: basename(outFolder),
        original: original.spec,
        converted: source.spec,
        provenance,
        format,
        dtype: request.dtype ?? null,
        dequantises:
          (checkpoint.quantisation?.scales.size ?? 0) > 0 ||
          [...checkpoint.tensors.values()].some((info) => isBlockDtype(info.dtype)),
        keepsPacked: (checkpoint.quantisation?.packed.size ?? 0) > 0,
        pooledKv,
      }),
    };
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text, { flush: true });
    signal?.throwIfAborted();
    return [...weights, ...(pooledKv.length > 0 ? [pooledKvFile] : []), ...companions, ...Object.keys(texts)].sort();
  };
  const files = await writeNewFolder(
    outFolder,
    fill,
    request.overwrite === true ? replacesOtherThan(checkpoint) : undefined,
  );
  return { folder: outFolder, files, bytes, format };
}

async function contentsOf(request: CheckpointExport): Promise<Contents> {
  const { checkpoint, source, original, dtype = null, signal } = request;
  if (Object.keys(checkpoint.config).length === 0) {
    throw new GqaLensError('conversion-invalid', 'A checkpoint without config.json cannot be exported', {
      file: checkpoint.path,
      next: 'Put the config.json of the model beside its weights.',
    });
  }
  const hasScales = checkpoint.quantisation !== undefined && checkpoint.quantisation.scales.size > 0;
  if (hasScales && dtype === null) {
    throw new GqaLensError(
      'conversion-invalid',
      'A quantised checkpoint cannot be written in the types that it is stored in',
      {
        file: checkpoint.path,
        found: checkpoint.quantisation.title,
        next: 'Choose a dtype for the export: bf16, f16 or f32.',
      },
    );
  }
  const from = { checkpoint, source, original, dtype, signal };
  if (request.format === 'equivalent' && needsEquivalent(original.spec, source.spec)) {
    const equivalent = requireEquivalent(source.spec);
    return {
      format: { id: equivalent.id, title: equivalent.title, repeatsHeads: false },
      config: withDtype(equivalent.config(source.spec, checkpoint.config), dtype),
      tensors: equivalent.tensors(source.spec).map((tensor) => writeRoles(from, tensor)),
      pooledKv: [],
    };
  }
  const repeatsHeads = needsEquivalent(original.spec, source.spec);
  const stored = checkpoint.embedded
    ? `${JSON.stringify(checkpoint.config, null, 2)}\n`
    : await readTextFile(join(checkpoint.folder, 'config.json'), signal);
  const config = hasScales ? withoutObject(stored, 'quantization_config') : stored;
  return {
    format: { id: 'same', title: original.spec.family, repeatsHeads },
    config: withDtype(
      original.spec.formatHasKvHeads ? withKvHeads(config, original.spec, source.spec.G) : config,
      dtype,
      original.spec.within?.field,
    ),
    // Where each head's own K and V stand in its place any groups fit; elsewhere a file knows adjacent ones only.
    tensors: tensorsToWrite({ ...from, source: repeatsHeads ? source : contiguous(source), repeatsHeads }),
    pooledKv: repeatsHeads ? pooledKvTensors(source).map((tensor) => writeRoles(from, tensor)) : [],
  };
}

/** Says G where the language model is described: in config.json itself, or in the part of it that is the language model's. */
function withKvHeads(config: string, spec: ModelSpec, G: number): string {
  const write = (text: string): string => withTopLevelValue(text, kvHeadsField(spec), G);
  return spec.within ? withObject(config, spec.within.field, write) : write(config);
}

function requireEquivalent(converted: ModelSpec): EquivalentFormat {
  const equivalent = equivalentFormat(converted);
  if (equivalent) return equivalent;
  throw new GqaLensError('conversion-invalid', `No other format holds this model with ${converted.G} KV heads`, {
    found: refusals(converted),
    next: 'Write it in its own format, where each pooled head is repeated.',
  });
}

/** Changes the dtype in either spelling. A config that names none is left alone: readers take the weights' own. */
function withDtype(config: string, dtype: FloatDtype | null, part?: string): string {
  if (dtype === null) return config;
  const write = (object: string): string =>
    ['dtype', 'torch_dtype'].reduce(
      (text, field) => withTopLevelValue(text, field, dtypeNames[dtype], 'only if present'),
      object,
    );
  return part === undefined ? write(config) : withObject(write(config), part, write);
}
