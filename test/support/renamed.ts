// A fixture's checkpoint under other names of tensors and another config, as files.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixtures } from './fixtures';

/** Writes it to `folder`. The bytes of the weights stay where they are: the header alone is another. */
export async function writeRenamed(
  name: string,
  folder: string,
  rename: (tensor: string) => string,
  configOf: (config: object) => object = (config) => config,
): Promise<void> {
  const bytes = await readFile(join(fixtures, name, 'model.safetensors'));
  const size = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + size)) as Record<string, unknown>;
  const entries = Object.entries(header).map(([key, value]) => [key === '__metadata__' ? key : rename(key), value]);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const config = JSON.parse(await readFile(join(fixtures, name, 'config.json'), 'utf8')) as object;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.safetensors'), Buffer.concat([length, text, bytes.subarray(8 + size)]));
  await writeFile(join(folder, 'config.json'), JSON.stringify(configOf(config), null, 2));
}
