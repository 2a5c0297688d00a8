/**
 * Checkpoints of weight files beside a config: a Hugging Face folder, one file, or an index of shards.
 * Role: from a path to TensorFiles, for every format laid out so. What one file holds is the format's own to read; weights
 * are read by TensorFiles.
 */
import { stat } from 'node:fs/promises';
import { dirname, join, win32 } from 'node:path';
import { GqaLensError } from '../protocol/errors';
import type { Checkpoint, TensorInfo } from './checkpoint';
import { FileRanges } from './fileRanges';
import type { Location } from './formats';
import { isObject, readJsonFile } from './json';
import { withScales } from './quantisation/scaledCheckpoint';
import { TensorFiles } from './tensorFiles';

/** How a format names its files. */
export interface WeightNames {
  /** The one file of a folder. */
  single: string;
  /** The index of a folder's shards. */
  index: string;
  /** Weight files and indices that can be opened by themselves. */
  files: RegExp;
}

/** What the headers of one weight file tell. */
export interface WeightFile {
  tensors: TensorInfo[];
  /** Bytes. */
  size: number;
  /** What a user should know about how it was read. */
  notes?: readonly string[];
}

export type ReadWeightFile = (files: FileRanges, file: string, signal?: AbortSignal) => Promise<WeightFile>;

/** Whether a path is of a format: by names alone. */
export function matchesWeights({ path, names }: Location, { single, index, files }: WeightNames): boolean {
  return names === null ? files.test(path) : names.includes(single) || names.includes(index);
}

/** Opens a checkpoint. Reads config and headers, no weights. Throws GqaLensError. */
export async function openWeights(
  location: Location,
  weightNames: WeightNames,
  read: ReadWeightFile,
  signal?: AbortSignal,
): Promise<Checkpoint> {
  const { path, names } = location;
  const folder = names === null ? dirname(path) : path;
  const configFile = join(folder, 'config.json');
  // A single file may stand alone: its tensors can be looked at without a config. A folder is a model or nothing.
  const config = names !== null || (await isFile(configFile)) ? await readJsonFile(configFile, signal) : {};
  const source = await findSource(location, weightNames, folder, signal);
  const files = new FileRanges();
  try {
    const headers = source.shards
      ? await readShards(files, read, folder, source.file, source.shards, signal)
      : await readSingle(files, read, source.file, signal);
    return withScales(new TensorFiles({ path, folder, config, ...headers, files }));
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** The file to read, and for an index the shard of each tensor. */
async function findSource(
  { path, names }: Location,
  { single, index }: WeightNames,
  folder: string,
  signal?: AbortSignal,
): Promise<{ file: string; shards?: Map<string, string> }> {
  if (names !== null) {
    if (names.includes(single)) return { file: join(folder, single) };
    return readIndex(join(folder, index), signal);
  }
  if (path.endsWith('.json')) return readIndex(path, signal);
  // model-00002-of-00007.safetensors belongs to model.safetensors.index.json.
  const shard = /^(.*)-\d+-of-\d+(\.[a-z]+)$/.exec(path);
  const indexBeside = shard ? `${shard[1] ?? ''}${shard[2] ?? ''}.index.json` : null;
  if (indexBeside !== null && (await isFile(indexBeside))) return readIndex(indexBeside, signal);
  return { file: path };
}

/** Reads an index: `{ weight_map: { tensor: shard file } }`. Shards must lie in the index's own folder or below. */
async function readIndex(file: string, signal?: AbortSignal): Promise<{ file: string; shards: Map<string, string> }> {
  const { weight_map: weightMap } = await readJsonFile(file, signal);
  if (!isObject(weightMap)) throw invalidIndex(file, undefined, 'weight_map as an object', typeof weightMap);
  const shards = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string' || shard === '') {
      throw invalidIndex(file, tensor, 'the name of a shard file', JSON.stringify(shard));
    }
    if (leavesFolder(shard)) {
      throw invalidIndex(file, tensor, 'a shard file within the folder of the index', JSON.stringify(shard));
    }
    shards.set(tensor, shard);
  }
  return { file, shards };
}

/** Whether a shard name could lead out of the folder on any system: Windows' rules contain those of the others. */
function leavesFolder(shard: string): boolean {
  return (
    win32.isAbsolute(shard) ||
    /^[a-z]:/i.test(shard) ||
    win32.normalize(shard).split('\\').includes('..') ||
    shard.includes('\0')
  );
}

interface Headers {
  tensors: Map<string, TensorInfo>;
  bytesOnDisk: number;
  notes: readonly string[];
}

async function readSingle(
  files: FileRanges,
  read: ReadWeightFile,
  file: string,
  signal?: AbortSignal,
): Promise<Headers> {
  const { tensors, size, notes = [] } = await read(files, file, signal);
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), bytesOnDisk: size, notes };
}

async function readShards(
  files: FileRanges,
  read: ReadWeightFile,
  folder: string,
  indexFile: string,
  shards: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<Headers> {
  const found = new Map<string, TensorInfo>();
  const notes = new Set<string>();
  let bytesOnDisk = 0;
  for (const shard of new Set(shards.values())) {
    const header = await read(files, join(folder, shard), signal);
    bytesOnDisk += header.size;
    for (const note of header.notes ?? []) notes.add(note);
    // The index decides: a tensor that a shard holds without being named for it is not part of the model.
    for (const tensor of header.tensors) if (shards.get(tensor.name) === shard) found.set(tensor.name, tensor);
  }
  for (const [tensor, shard] of shards) {
    if (!found.has(tensor)) throw invalidIndex(indexFile, tensor, `the tensor in ${shard}`, 'no such tensor there');
  }
  return { tensors: found, bytesOnDisk, notes: [...notes] };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function invalidIndex(file: string, tensor: string | undefined, expected: string, found: string): GqaLensError {
  return new GqaLensError('checkpoint-invalid', 'The index of the shards is malformed', {
    file,
    ...(tensor === undefined ? {} : { tensor }),
    expected,
    found,
    next: 'Download or export the index and its shards again.',
  });
}
