/**
 * The PyTorch format: pytorch_model.bin in a folder, one file, or an index of shards.
 * Role: its names. What one file holds is pytorchFile.ts; nothing in it is ever executed.
 */
import type { CheckpointFormat } from '../formats';
import { matchesWeights, openWeights, type WeightNames } from '../weightFiles';
import { readPytorchFile } from './pytorchFile';

const names: WeightNames = {
  single: 'pytorch_model.bin',
  index: 'pytorch_model.bin.index.json',
  files: /\.(?:bin|pt|pth)(?:\.index\.json)?$/,
};

export const pytorch: CheckpointFormat = {
  id: 'pytorch',
  title: 'PyTorch (zip pickle of tensors: folder, file or index)',
  match: (location) => matchesWeights(location, names),
  open: (location, signal) => openWeights(location, names, readPytorchFile, signal),
};
