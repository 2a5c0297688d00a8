/** The checkpoints under test/fixtures that tests go through one by one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJsonObject } from '../../src/checkpoint/json';

export const fixtures = join(import.meta.dirname, '../fixtures');

/** Names of the checkpoints of one stack, decoders and an encoder: a family's test is its fixture. */
export const decoderFixtures = readdirSync(fixtures).filter((name) => {
  const file = join(fixtures, name, 'config.json');
  if (!existsSync(file)) return false;
  return parseJsonObject(readFileSync(file, 'utf8'), file).is_encoder_decoder !== true;
});
