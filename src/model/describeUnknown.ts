/**
 * What can be told of a model whose family is not known: sizes as config.json and the tensors tell them, and what keeps it
 * from running.
 * Role: for the inspector only. Nothing runs on these numbers.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { JsonObject } from '../checkpoint/json';
import { GqaLensError } from '../protocol/errors';
import type { LayerView } from '../protocol/model';
import { attentionBlocks, type AttentionBlock } from './attentionTensors';
import { families } from './families';
import { languagePart, withConfig } from './languagePart';

/** Sizes of a model; null where neither config nor tensors tell. */
export interface KnownSizes {
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
  /** Keys and values of all heads come from one vector, which is what is cached. */
  isLatent: boolean;
  /** Attention blocks; where tensors do not tell them, as many as the config has layers. */
  layers: LayerView[];
}

/** Spellings of each size in the configs of transformers' families, the commonest first. */
const spellings: Readonly<Record<keyof KnownSizes | 'L', readonly string[]>> = {
  L: ['num_hidden_layers', 'n_layer', 'num_layers', 'n_layers', 'decoder_layers'],
  D: ['hidden_size', 'n_embd', 'd_model', 'dim'],
  H: ['num_attention_heads', 'n_head', 'num_heads', 'n_heads', 'decoder_attention_heads'],
  G: ['num_key_value_heads', 'num_kv_heads', 'n_kv_heads', 'n_head_kv', 'multi_query_group_num'],
  K: ['head_dim', 'd_kv', 'kv_channels', 'v_head_dim'],
  F: ['intermediate_size', 'n_inner', 'd_ff', 'ffn_dim', 'ffn_hidden_size', 'decoder_ffn_dim'],
  V: ['vocab_size', 'padded_vocab_size'],
  maxPositions: ['max_position_embeddings', 'n_positions', 'n_ctx', 'max_seq_len', 'max_target_positions'],
};

/** A config that names more layers is damaged, and is not drawn layer by layer. */
const mostLayers = 10_000;

/** Reads the sizes that config and tensors tell. Never throws. */
export function describeUnknown(checkpoint: Checkpoint): UnknownModel {
  // Models with several parts keep the language model's sizes one level down.
  const config = languagePart(checkpoint.config)?.config ?? checkpoint.config;
  const read = (size: keyof typeof spellings): number | null => readSize(config, spellings[size]);
  const blocks = attentionBlocks(checkpoint.tensors.values());
  const [D, L] = [read('D'), read('L')];
  return {
    ...{ D, F: read('F'), V: read('V'), maxPositions: read('maxPositions') },
    ...headsOf(config, blocks, D),
    layers: layersOf(blocks, isWithoutAttention(checkpoint, blocks) || L === null || L > mostLayers ? 0 : L),
    modelType: typeOf(checkpoint),
    isLatent: has(checkpoint, latent) !== null,
    tiedEmbeddings: config.tie_word_embeddings === true,
  };
}

/** The numbers of heads and their size: as the config has them; what it leaves out, from rows of projections. */
function headsOf(
  config: JsonObject,
  blocks: readonly AttentionBlock[],
  D: number | null,
): Pick<KnownSizes, 'H' | 'G' | 'K'> {
  const read = (size: 'H' | 'G' | 'K'): number | null => readSize(config, spellings[size]);
  const { queryRows = null, keyRows = null } = blocks.find((block) => block.keyRows !== null) ?? {};
  const whole = (rows: number | null, by: number | null): number | null =>
    rows !== null && by !== null && rows % by === 0 ? rows / by : null;
  const H = read('H') ?? whole(queryRows, read('K'));
  const K = read('K') ?? whole(queryRows, H) ?? whole(D, H);
  const G = read('G') ?? (config.multi_query === true ? 1 : (whole(keyRows, K) ?? H));
  return { H, G, K };
}

function layersOf(blocks: readonly AttentionBlock[], L: number): LayerView[] {
  const found = blocks.length > 0 ? blocks : Array.from({ length: L }, (_, index) => ({ ...plainBlock, index }));
  const stacks = new Set(found.map(({ stack }) => stack));
  return found.map(({ stack, attention, index }) => {
    if (stacks.size === 1) return { stack, attention, grouped: true, title: `layer ${index}`, name: String(index) };
    const kind = stack === 'encoder' ? '' : attention === 'cross' ? ' · cross' : ' · self';
    const name = `${attention === 'cross' ? 'cross' : stack}.${index}`;
    return { stack, attention, grouped: stack === 'decoder', title: `${stack} ${index}${kind}`, name };
  });
}

const plainBlock = { stack: 'decoder', attention: 'causal' } as const;

function readSize(config: JsonObject, names: readonly string[]): number | null {
  const found = names.map((name) => config[name]).find((value) => Number.isSafeInteger(value) && (value as number) > 0);
  return typeof found === 'number' ? found : null;
}

function typeOf({ config }: Checkpoint): string {
  return typeof config.model_type === 'string' ? config.model_type : 'unknown';
}

/** A thing that no supported family has: told by fields of the config or by names of tensors. */
interface Trait {
  text: string;
  fields?: readonly string[];
  tensors?: RegExp;
}

const stateSpace: Trait = {
  text: 'state-space layers, which have no heads',
  fields: ['state_size', 'ssm_cfg', 'mamba_d_state', 'time_step_rank'],
  tensors: /\.(A_log|dt_proj|x_proj)\b/,
};

const latent: Trait = {
  text: 'latent attention: keys and values of all heads come from one vector',
  fields: ['kv_lora_rank'],
  tensors: /\.kv_a_proj/,
};

const traits: readonly Trait[] = [
  latent,
  stateSpace,
  { text: 'linear attention', fields: ['linear_num_key_heads', 'lightning_attention'], tensors: /\.linear_attn\./ },
  { text: 'an encoder that hears sound', fields: ['num_mel_bins'] },
  { text: 'experts', fields: ['num_experts', 'n_routed_experts', 'num_local_experts', 'moe_num_experts'] },
  { text: 'an encoder and a decoder', fields: ['decoder_layers'] },
];

function has(checkpoint: Checkpoint, { fields = [], tensors }: Trait): string | null {
  const config = languagePart(checkpoint.config)?.config ?? checkpoint.config;
  const field = fields.find((name) => config[name] !== undefined && config[name] !== null && config[name] !== 0);
  if (field !== undefined) return field;
  return tensors ? ([...checkpoint.tensors.keys()].find((name) => tensors.test(name)) ?? null) : null;
}

/** A model of state spaces alone has layers, but no attention in them. */
function isWithoutAttention(checkpoint: Checkpoint, blocks: readonly AttentionBlock[]): boolean {
  return blocks.length === 0 && has(checkpoint, stateSpace) !== null;
}

/** Why a checkpoint of no known family does not run: what it has that none of them has, or whose tensors it has; what to do. */
export function whatIsMissing(checkpoint: Checkpoint): GqaLensError {
  const titles = families.map(({ title }) => title).join(', ');
  if (Object.keys(checkpoint.config).length === 0) {
    return new GqaLensError(
      'checkpoint-unsupported',
      'There is no config.json beside the file, so only its tensors are known',
      {
        file: checkpoint.path,
        expected: `a config.json with a model_type: one of ${families.map(({ id }) => id).join(', ')}`,
        next: 'Put the config.json of the model beside its weights.',
      },
    );
  }
  const found = traits.flatMap((trait) => {
    const sign = has(checkpoint, trait);
    return sign === null ? [] : [`it has ${trait.text} (${sign})`];
  });
  const { H, G, K, layers } = describeUnknown(checkpoint);
  const unread = [...(layers.length > 0 ? [] : ['layers with attention']), ...(H === null ? ['query heads'] : [])];
  const alike = fitting(checkpoint);
  const parts = [
    `Models of type "${typeOf(checkpoint)}" cannot be run yet`,
    ...found,
    ...(H !== null && G !== null && K !== null && layers.length > 0
      ? [`known: ${H} query heads on ${G} KV heads of size ${K}`]
      : []),
    ...(unread.length > 0 ? [`not told by config or tensors: ${unread.join(', ')}`] : []),
    ...(alike.length > 0
      ? [`its tensors are those of ${alike.join(', ')}, but whether it computes the same is not known`]
      : []),
  ];
  return new GqaLensError('checkpoint-unsupported', parts.join('; '), {
    file: checkpoint.path,
    expected: `a family that is known: ${titles}`,
    found: `model_type ${typeOf(checkpoint)}`,
    next: 'Its tensors and sizes can be looked at. A family is one file and a fixture: see ARCHITECTURE.md.',
  });
}

/** Titles of families that find every weight in the checkpoint, in the shapes that its config says. */
function fitting(checkpoint: Checkpoint): string[] {
  const part = languagePart(checkpoint.config);
  const own = part ? withConfig(checkpoint, part.config) : checkpoint;
  return families.flatMap((family) => {
    try {
      family.spec(own);
      return [family.title];
    } catch (error) {
      if (error instanceof GqaLensError) return [];
      throw error;
    }
  });
}
