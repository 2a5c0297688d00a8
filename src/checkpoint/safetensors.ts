/**
 * The safetensors format: a Hugging Face folder, one file, or an index of shards.
 * Role: its names. The header of one file is safetensorsHeader.ts.
 */
import type { CheckpointFormat } from './formats';
import { readSafetensorsHeader } from './safetensorsHeader';
import { matchesWeights, openWeights, type WeightNames } from './weightFiles';

const names: WeightNames = {
  single: 'model.safetensors',
  index: 'model.safetensors.index.json',
  files: /\.safetensors(?:\.index\.json)?$/,
};

export const safetensors: CheckpointFormat = {
  id: 'safetensors',
  title: 'Safetensors (Hugging Face folder, file or index)',
  match: (location) => matchesWeights(location, names),
  open: (location, signal) => openWeights(location, names, readSafetensorsHeader, signal),
};
