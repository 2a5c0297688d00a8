/**
 * The tokenizer that a GGUF file holds, as the tokenizer.json that the model had.
 * Role: vocabulary, special tokens, what is put around a text. Encoding is src/checkpoint/tokenizer.ts.
 */
import { GqaLensError } from '../../protocol/errors';
import type { Embedded } from '../checkpoint';
import type { JsonObject } from '../json';
import type { Metadata } from './metadata';
import { cutOf } from './preTokenizers';
import { mergesByScore, sentencePieceText } from './sentencePiece';

/** llama.cpp's kinds of tokens (llama.h, llama_token_type). */
const kinds = { unknown: 2, control: 3, userDefined: 4, byte: 6 };

/** What llama.cpp writes, or leaves out, for models that come without one. */
const withoutVocabulary: readonly (string | null)[] = [null, 'none', 'no_vocab'];

/** The tokenizer is made when it is asked for: a vocabulary is large, and who looks at tensors needs none. */
export function embeddedTokenizer(metadata: Metadata): Embedded {
  return {
    hasTokenizer: !withoutVocabulary.includes(metadata.text('tokenizer.ggml.model')),
    tokenizer: () => {
      try {
        return makeDefinition(metadata);
      } catch (error) {
        if (!(error instanceof GqaLensError) || error.code !== 'checkpoint-invalid') throw error;
        throw new GqaLensError('tokenizer-invalid', 'The tokenizer in the file cannot be read', error.detail);
      }
    },
  };
}

interface Vocabulary {
  tokens: readonly string[];
  types: readonly number[];
  scores: readonly number[];
}

function makeDefinition(metadata: Metadata): { definition: JsonObject; config: JsonObject } | null {
  const model = metadata.text('tokenizer.ggml.model');
  if (withoutVocabulary.includes(model)) return null;
  const tokens = metadata.texts('tokenizer.ggml.tokens') ?? [];
  const types = metadata.numbers('tokenizer.ggml.token_type') ?? [];
  const scores = metadata.numbers('tokenizer.ggml.scores') ?? [];
  const vocabulary = { tokens, types, scores };
  if (tokens.length === 0) throw unusable(metadata, 'tokenizer.ggml.tokens with a vocabulary', 'no tokens');
  if (model === 'gpt2') return byteLevel(metadata, vocabulary);
  if (model === 'llama') return sentencePiece(metadata, vocabulary);
  throw unusable(
    metadata,
    'a tokenizer of kind gpt2 (byte-level BPE) or llama (SentencePiece)',
    `kind ${String(model)}`,
  );
}

function byteLevel(metadata: Metadata, vocabulary: Vocabulary): ReturnType<typeof makeDefinition> {
  const kind = metadata.text('tokenizer.ggml.pre') ?? 'default';
  const cut = cutOf(kind);
  if (!cut) throw unusable(metadata, 'a known way to cut text into words (tokenizer.ggml.pre)', kind);
  const merges = metadata.texts('tokenizer.ggml.merges');
  if (!merges) throw unusable(metadata, 'tokenizer.ggml.merges', 'no such key');
  const splits = cut.expressions.map((expression) => {
    return { type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false };
  });
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return assemble(metadata, vocabulary, cut.addsBegin ?? false, {
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, bytes] },
    decoder: { ...bytes, use_regex: true },
    model: { ...bpe(vocabulary, merges), ignore_merges: cut.ignoresMerges ?? false },
  });
}

function sentencePiece(metadata: Metadata, vocabulary: Vocabulary): ReturnType<typeof makeDefinition> {
  const { tokens, types, scores } = vocabulary;
  if (scores.length !== tokens.length) {
    throw unusable(metadata, `tokenizer.ggml.scores of ${tokens.length} tokens`, `${scores.length}`);
  }
  const special = [kinds.unknown, kinds.control, kinds.byte];
  const pieces = new Map(
    tokens.flatMap((token, id) => {
      return special.includes(types[id] ?? 1) ? [] : [[token, { id, score: scores[id] ?? 0 }] as const];
    }),
  );
  const merges = mergesByScore(pieces);
  if (!merges) throw unusable(metadata, 'pieces of a few characters', 'pieces that are too many or too long');
  const unknown = metadata.number('tokenizer.ggml.unknown_token_id') ?? types.indexOf(kinds.unknown);
  return assemble(metadata, vocabulary, true, {
    ...sentencePieceText(metadata.flag('tokenizer.ggml.add_space_prefix') ?? true),
    model: { ...bpe(vocabulary, merges), byte_fallback: true, fuse_unk: true, unk_token: tokens[unknown] ?? null },
  });
}

function bpe({ tokens }: Vocabulary, merges: readonly unknown[]): JsonObject {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges,
  };
}

/** Adds special tokens and what is put around a text. @param begins whether a text begins with BOS unless the file tells */
function assemble(
  metadata: Metadata,
  { tokens, types }: Vocabulary,
  begins: boolean,
  parts: JsonObject,
): { definition: JsonObject; config: JsonObject } {
  const isSpecial = (id: number): boolean => types[id] === kinds.control || types[id] === kinds.unknown;
  const added = tokens.flatMap((content, id) => {
    if (content === '' || !(isSpecial(id) || types[id] === kinds.userDefined)) return [];
    const exact = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...exact, special: isSpecial(id) }];
  });
  const token = (name: string): string | undefined => tokens[metadata.number(`tokenizer.ggml.${name}_token_id`) ?? -1];
  const wanted = (name: string, fallback: boolean): string | undefined => {
    return (metadata.flag(`tokenizer.ggml.add_${name}_token`) ?? fallback) ? token(name) : undefined;
  };
  const [begin, end] = [wanted('bos', begins), wanted('eos', false)];
  const around = (content: string | undefined): object[] => {
    return content === undefined ? [] : [{ SpecialToken: { id: content, type_id: 0 } }];
  };
  const text = { Sequence: { id: 'A', type_id: 0 } };
  const template = [...around(begin), text, ...around(end)];
  const ids = [begin, end].flatMap((content) => {
    return content === undefined ? [] : [[content, { id: content, ids: [tokens.indexOf(content)], tokens: [content] }]];
  });
  const names = { bos_token: token('bos'), eos_token: token('eos'), unk_token: token('unknown') };
  const chat = metadata.text('tokenizer.chat_template');
  return {
    definition: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      ...parts,
      post_processor: {
        type: 'TemplateProcessing',
        single: template,
        pair: [...template, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: Object.fromEntries(ids) as JsonObject,
      },
    },
    config: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      clean_up_tokenization_spaces: false,
      ...Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined)),
      ...(chat !== null && { chat_template: chat }),
    },
  };
}

function unusable({ file }: Metadata, expected: string, found: string): GqaLensError {
  return new GqaLensError('tokenizer-invalid', 'The tokenizer in the file cannot be used', {
    file,
    expected,
    found: found.slice(0, 120),
    next: 'Give token ids instead of text, or put the tokenizer.json of the model beside the file.',
  });
}
