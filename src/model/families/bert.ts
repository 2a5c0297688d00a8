/**
 * BERT: an encoder that sees the whole text at every position, trained to fill in masked tokens; layer norms on the stream
 * after each half, learned positions and kinds of segment, a head with a layer of its own.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_bert.py. The
 * pooler and the next-sentence head play no part in what a position predicts, and are left out.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { invalidField, readBoolean, readInteger, readNumber, readText } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, learnedPositions, multiHead, readSizes } from './decoder';
import { GqaLensError } from '../../protocol/errors';
import { TensorFinder, type ModelFamily } from './family';
import { plainMlp } from './llama';

export const bert: ModelFamily = {
  id: 'bert',
  title: 'BERT',
  description: 'Encoder with a masked-LM head: LayerNorm after each half, learned positions; its files cannot say G.',
  source: 'Devlin et al. 2019, arXiv 1810.04805',
  match: (config) => config.model_type === 'bert',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = multiHead(readSizes(config));
  const { D } = sizes;
  const position = learnedPositions(config);
  const kind = readText(config, 'position_embedding_type', 'absolute');
  if (kind !== 'absolute') throw invalidField('position_embedding_type', 'absolute', kind);
  if (readBoolean(config, 'is_decoder', false)) throw invalidField('is_decoder', 'false: an encoder', true);
  const tensors = new TensorFinder(checkpoint, ['bert.', ''], 'embeddings.word_embeddings.weight');
  const base = decoder('bert', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_eps', { minimum: 0, fallback: 1e-12 }) },
    position,
    mlp: { kind: 'plain', activation: readActivation(config, 'hidden_act', 'gelu') },
    tensors,
    embedding: 'embeddings.word_embeddings',
    finalNorm: null,
    tied: true,
    head: 'cls.predictions.decoder',
    list: 'encoder.layer',
    features: () => ({ stack: 'encoder', attention: 'full' }),
    layer: (at) => ({
      ...at.linear('q', 'attention.self.query', D, D),
      ...at.linear('k', 'attention.self.key', D, D),
      ...at.linear('v', 'attention.self.value', D, D),
      ...at.linear('o', 'attention.output.dense', D, D),
      ...at.norm('attention.stream', 'attention.output.LayerNorm', D),
      ...plainMlp(at, sizes, 'intermediate.dense', 'output.dense'),
      ...at.norm('mlp.stream', 'output.LayerNorm', D),
    }),
  });
  const kinds = readInteger(config, 'type_vocab_size', { fallback: 2 });
  return {
    ...base,
    formatHasKvHeads: false,
    globals: {
      ...base.globals,
      'embed.positions': tensors.ref('embeddings.position_embeddings.weight', [position.maxPositions, D]),
      'embed.segments': tensors.ref('embeddings.token_type_embeddings.weight', [kinds, D]),
      ...tensors.norm('embed', 'embeddings.LayerNorm', D),
      ...maskedHead(tensors, sizes),
    },
  };
}

/** logits = embedding · norm(activation(dense(x))) + bias. The matrix itself is the embedding or cls.predictions.decoder. */
function maskedHead(tensors: TensorFinder, { D, V }: Pick<ModelSpec, 'D' | 'V'>): ModelSpec['globals'] {
  const at = 'cls.predictions.transform';
  if (!tensors.beside(`${at}.dense.weight`, [D, D])) {
    throw new GqaLensError(
      'checkpoint-unsupported',
      'The encoder has no masked-LM head, so it predicts nothing to measure',
      {
        tensor: `${at}.dense.weight`,
        expected: 'BertForMaskedLM or BertForPreTraining',
        found: 'an encoder saved without a head, or with one for another task',
        next: 'Take the checkpoint with its head; tensors and sizes of this one can be looked at.',
      },
    );
  }
  return {
    'head.transform.weight': tensors.outer(`${at}.dense.weight`, [D, D]),
    'head.transform.bias': tensors.outer(`${at}.dense.bias`, [D]),
    'head.norm.weight': tensors.outer(`${at}.LayerNorm.weight`, [D]),
    'head.norm.bias': tensors.outer(`${at}.LayerNorm.bias`, [D]),
    'head.bias': tensors.outer('cls.predictions.bias', [V]),
  };
}
