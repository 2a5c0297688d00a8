/** A checkpoint of no known family is opened and looked at as it is: that needs neither a GPU nor a spec. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EngineCore } from '../../../src/engine/core';
import { defaultConversion } from '../../../src/protocol/defaults';
import { quietTask } from '../../../src/protocol/tasks';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 20 });
const folders: string[] = [];
afterAll(async () => {
  core.destroy();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A fixture under another model_type. */
async function unknown(name: string, fields: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gqa-lens-unknown-'));
  folders.push(folder);
  await cp(`test/fixtures/${name}`, folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'martian', ...fields }));
  return folder;
}

it.each([
  { name: 'qwen2', fields: {}, H: 8, G: 2, last: [0, 0, 0, 0, 1, 1, 1, 1] },
  { name: 'llama-mha', fields: {}, H: 8, G: 8, last: [0, 1, 2, 3, 4, 5, 6, 7] },
  // Neither config nor tensors tell: nothing is drawn, and nothing fails.
  { name: 'llama-mha', fields: { num_attention_heads: null, num_key_value_heads: null, head_dim: null }, H: 0, G: 0, last: [] }, // prettier-ignore
  { name: 'llama-mha', fields: { num_key_value_heads: 3 }, H: 8, G: 3, last: [] },
])('$name with $fields shows its groups as they are', async ({ name, fields, H, G, last }) => {
  const model = await core.open(await unknown(name, fields), quietTask);
  expect(model).toMatchObject({ H, G, L: 2 });
  expect(model.notRunnable).toMatch(/"martian" cannot be run yet/);
  const conversion = defaultConversion(model, core.registries());
  expect(conversion.G).toBe(G);
  const grouping = await core.grouping(model.modelId, conversion, quietTask);
  expect(grouping.groupOfHead).toHaveLength(2);
  expect(grouping.groupOfHead[1]).toEqual(last);
  const input = { kind: 'ids' as const, ids: [1] };
  await expect(core.run({ modelId: model.modelId, input, conversion: null, maxTokens: 9 }, quietTask)).rejects.toThrow(
    /cannot be run yet/,
  );
});
