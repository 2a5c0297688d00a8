/**
 * The attention blocks of a model of no known family, as far as names and shapes of its tensors tell.
 * Role: for the inspector: which layers have attention, and how many rows their queries and keys have. Nothing runs on it.
 */
import type { TensorInfo } from '../checkpoint/checkpoint';
import type { LayerView } from '../protocol/model';

/** One attention block: its place, and rows of its projections; null where they lie in one matrix with others. */
export interface AttentionBlock extends Pick<LayerView, 'stack' | 'attention'> {
  /** Path of the list of layers: "model.layers". */
  list: string;
  index: number;
  queryRows: number | null;
  keyRows: number | null;
  /** Rows of a matrix that holds queries, keys and values. */
  fusedRows: number | null;
}

/** Last parts of names of matrices [out, in], by what they make. */
const kinds: readonly (readonly [RegExp, 'queryRows' | 'keyRows' | 'fusedRows'])[] = [
  [/^(q|wq|q_proj|query|q_lin|to_q|query_proj)$/, 'queryRows'],
  [/^(k|wk|k_proj|key|k_lin|to_k|key_proj)$/, 'keyRows'],
  [/^(qkv|qkv_proj|query_key_value|wqkv|W_pack|in_proj_qkv)$/i, 'fusedRows'],
];

/** Towers for other things than text. */
const towers = /(^|\.)(vision|visual|image|audio|speech|vit)[a-z_]*\./;

/** The blocks in the order of layers: an encoder's first. */
export function attentionBlocks(tensors: Iterable<TensorInfo>): AttentionBlock[] {
  const blocks = new Map<string, AttentionBlock>();
  for (const { name, shape } of tensors) {
    // Norms and biases are most of the names of a large file: they are passed over before any pattern is tried.
    const rows = shape.length === 2 ? shape[0] : undefined;
    if (rows === undefined) continue;
    const last = name.split('.').at(-2) ?? '';
    const kind = kinds.find(([pattern]) => pattern.test(last))?.[1];
    if (kind === undefined || towers.test(name)) continue;
    const match = /^(.*?)\.?\b(\d+)\.((?:.*\.)?)[^.]+\.weight$/.exec(name);
    if (!match) continue;
    const [, list = '', index = '', within = ''] = match;
    const stack = /(^|[._])encoder($|[._])/.test(list) ? 'encoder' : 'decoder';
    const cross = /(encoder_attn|cross_?att|EncDecAttention)/i.test(within);
    const attention = cross ? 'cross' : stack === 'encoder' ? 'full' : 'causal';
    const key = `${list}.${index}.${within}`;
    const known = blocks.get(key) ?? {
      ...{ list, index: Number(index), stack, attention },
      ...{ queryRows: null, keyRows: null, fusedRows: null },
    };
    blocks.set(key, { ...known, [kind]: rows });
  }
  const order = ({ stack, index, attention }: AttentionBlock): number =>
    (stack === 'encoder' ? 0 : 1e9) + index * 2 + (attention === 'cross' ? 1 : 0);
  return [...blocks.values()].sort((one, other) => order(one) - order(other));
}
