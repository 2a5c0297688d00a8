/**
 * What can be told of a model whose family is not known: its sizes as far as config.json names them.
 * Role: for the inspector only. Nothing is checked against tensors, and nothing runs on these numbers.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import { isObject, type JsonObject } from '../checkpoint/json';
import { families } from './families';

/** Sizes of a model; null where the config does not tell. */
export interface KnownSizes {
  L: number | null;
  D: number | null;
  H: number | null;
  G: number | null;
  K: number | null;
  F: number | null;
  V: number | null;
  maxPositions: number | null;
}

export interface UnknownModel extends KnownSizes {
  modelType: string;
  tiedEmbeddings: boolean;
  /** What a forward pass lacks, for people. */
  missing: string;
}

/** Spellings of each size in the configs of transformers' families, the commonest first. */
const spellings: Readonly<Record<keyof KnownSizes, readonly string[]>> = {
  L: ['num_hidden_layers', 'n_layer', 'num_layers', 'n_layers'],
  D: ['hidden_size', 'n_embd', 'd_model', 'dim'],
  H: ['num_attention_heads', 'n_head', 'num_heads', 'n_heads'],
  G: ['num_key_value_heads', 'num_kv_heads', 'n_kv_heads'],
  K: ['head_dim', 'd_kv'],
  F: ['intermediate_size', 'n_inner', 'd_ff', 'ffn_dim', 'ffn_hidden_size'],
  V: ['vocab_size'],
  maxPositions: ['max_position_embeddings', 'n_positions', 'n_ctx'],
};

/** Reads the sizes that the config names, and says what is missing for a run. Never throws. */
export function describeUnknown(checkpoint: Checkpoint): UnknownModel {
  // Models with several parts keep the language model's sizes one level down.
  const { text_config: textConfig } = checkpoint.config;
  const config = isObject(textConfig) ? textConfig : checkpoint.config;
  const read = (size: keyof KnownSizes): number | null => readSize(config, spellings[size]);
  const D = read('D');
  const H = read('H');
  const G = read('G') ?? (config.multi_query === true ? 1 : H);
  const K = read('K') ?? (D !== null && H !== null && D % H === 0 ? D / H : null);
  const { model_type: modelType } = checkpoint.config;
  const type = typeof modelType === 'string' ? modelType : 'unknown';
  return {
    ...{ L: read('L'), D, H, G, K, F: read('F'), V: read('V'), maxPositions: read('maxPositions') },
    modelType: type,
    tiedEmbeddings: config.tie_word_embeddings === true,
    missing: whatIsMissing(checkpoint, type),
  };
}

function readSize(config: JsonObject, names: readonly string[]): number | null {
  const found = names.map((name) => config[name]).find((value) => Number.isSafeInteger(value) && (value as number) > 0);
  return typeof found === 'number' ? found : null;
}

function whatIsMissing(checkpoint: Checkpoint, modelType: string): string {
  const known = families.map(({ title }) => title).join(', ');
  if (Object.keys(checkpoint.config).length === 0)
    return 'There is no config.json beside the file, so only its tensors are known.';
  return `Models of type "${modelType}" cannot be run yet; these can: ${known}.`;
}
