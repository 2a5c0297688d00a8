/**
 * The GGUF format: one file, or a model split into NAME-00001-of-00003.gguf and so on.
 * Role: from a path to a GgufCheckpoint. The header of one file is header.ts, names and config are architectures/.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GqaLensError } from '../../protocol/errors';
import type { Checkpoint, TensorInfo } from '../checkpoint';
import { FileRanges } from '../fileRanges';
import type { CheckpointFormat, Location } from '../formats';
import { TensorFiles } from '../tensorFiles';
import { architectures } from './architectures';
import { readSizes, rotaryTensors, usualConfig, type RotaryFactors } from './config';
import { GgufCheckpoint } from './ggufCheckpoint';
import { readGgufHeader, type GgufHeader } from './header';
import { invalidGguf } from './headerBytes';
import { Metadata } from './metadata';
import { nameTensors, type NamedTensors } from './names';
import { embeddedTokenizer } from './tokenizer';

const extension = /\.gguf$/i;
/** llama.cpp's name for a part (llama_split_path). */
const part = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;
/** Most planes that a list of rotary factors has. */
const factorLimit = 65_536;

export const gguf: CheckpointFormat = {
  id: 'gguf',
  title: 'GGUF (a file, or the parts of a split one)',
  match: ({ path, names }) => (names ?? [path]).some((name) => extension.test(name)),
  open,
};

/** The file to open of a folder that holds one model. Projectors of images, which lie beside many, are none. */
function onlyModel(folder: string, names: readonly string[]): string {
  const files = names.filter((name) => extension.test(name) && !/^mmproj/i.test(name)).sort();
  const models = new Set(files.map((name) => part.exec(name)?.[1] ?? name));
  const [first] = files;
  if (first !== undefined && models.size === 1) return join(folder, first);
  throw new GqaLensError('checkpoint-unsupported', 'The folder does not hold one model', {
    file: folder,
    expected: 'one .gguf file, or the parts of one model',
    found: models.size === 0 ? 'none' : `${models.size} models: ${[...models].slice(0, 5).join(', ')}`,
    next: 'Choose one of the files.',
  });
}

async function open({ path, names }: Location, signal?: AbortSignal): Promise<Checkpoint> {
  const file = names === null ? path : onlyModel(path, names);
  const files = new FileRanges();
  try {
    const headers: GgufHeader[] = [];
    const parts = await partsOf(file);
    for (const one of parts) headers.push(await readGgufHeader(files, one, signal));
    const [first] = headers;
    if (!first) throw new Error('a model has one file at least');
    checkParts(parts, headers);
    const stored = headers.flatMap(({ tensors }) => tensors);
    const bytesOnDisk = headers.reduce((total, { size }) => total + size, 0);
    const metadata = new Metadata(first.metadata, parts[0] ?? file);
    const byName = uniqueByName(stored);
    const raw = new TensorFiles({ path, folder: dirname(file), config: {}, tensors: byName, bytesOnDisk, files });
    const { config, named } = describe(metadata, stored, byName, await readFactors(raw, signal));
    const embedded = embeddedTokenizer(metadata);
    return new GgufCheckpoint({ path, folder: dirname(file), config, ...named, bytesOnDisk, files, embedded });
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** Config and names by the architecture; of one that is not known, what the usual keys tell. */
function describe(
  metadata: Metadata,
  stored: readonly TensorInfo[],
  byName: ReadonlyMap<string, TensorInfo>,
  factors: RotaryFactors,
): { config: Checkpoint['config']; named: NamedTensors } {
  const usual = usualConfig(metadata, byName, factors);
  const architecture = architectures.find(({ id }) => id === metadata.architecture);
  if (!architecture) {
    return {
      config: { ...usual, model_type: metadata.architecture },
      named: { tensors: new Map(byName), derivations: new Map() },
    };
  }
  const described = { metadata, sizes: readSizes(metadata), names: new Set(byName.keys()), usual };
  return { config: architecture.config(described), named: nameTensors(stored, architecture, described) };
}

async function readFactors(stored: TensorFiles, signal?: AbortSignal): Promise<RotaryFactors> {
  const factors: Record<string, readonly number[]> = {};
  for (const [kind, name] of Object.entries(rotaryTensors)) {
    const info = stored.tensors.get(name);
    if (!info) continue;
    const count = info.shape.reduce((product, size) => product * size, 1);
    if (count > factorLimit) {
      throw invalidGguf('A tensor of the rotary embedding is too long', {
        file: info.file,
        tensor: name,
        found: `${count} factors`,
        limit: String(factorLimit),
      });
    }
    factors[kind] = [...(await stored.readFloat32(name, undefined, signal))];
  }
  return factors;
}

/** The files of a model in their order: the parts that lie beside a part, or the file alone. */
async function partsOf(file: string): Promise<string[]> {
  const match = part.exec(basename(file));
  if (!match) return [file];
  const [, name = '', , total = ''] = match;
  const folder = dirname(file);
  const count = Number(total);
  const beside = new Set(await readdir(folder));
  const expected = Array.from({ length: count }, (_, index) => {
    return `${name}-${String(index + 1).padStart(5, '0')}-of-${total}.gguf`;
  });
  const missing = expected.filter((one) => !beside.has(one));
  if (count > 0 && missing.length === 0) return expected.map((one) => join(folder, one));
  throw new GqaLensError('checkpoint-invalid', 'Parts of the split model are missing', {
    file,
    expected: `${count} parts beside it`,
    found: missing.length > 0 ? `no ${missing.slice(0, 3).join(', ')}` : 'none',
    next: 'Download the missing parts into the same folder.',
  });
}

/** Each part says which it is of how many. */
function checkParts(parts: readonly string[], headers: readonly GgufHeader[]): void {
  if (parts.length === 1) return;
  for (const [index, { metadata }] of headers.entries()) {
    const number = metadata.get('split.no');
    const count = metadata.get('split.count');
    if (number === index && count === parts.length) continue;
    throw invalidGguf('A part does not belong to this split model', {
      file: parts[index] ?? '',
      expected: `split.no ${index} of split.count ${parts.length}`,
      found: `split.no ${String(number)} of split.count ${String(count)}`,
    });
  }
}

function uniqueByName(tensors: readonly TensorInfo[]): Map<string, TensorInfo> {
  const byName = new Map<string, TensorInfo>();
  for (const info of tensors) {
    if (byName.has(info.name)) {
      throw invalidGguf('Two parts hold the same tensor', { file: info.file, tensor: info.name });
    }
    byName.set(info.name, info);
  }
  return byName;
}
