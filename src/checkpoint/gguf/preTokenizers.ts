/**
 * How byte-level vocabularies cut text into words before merging, by llama.cpp's names (tokenizer.ggml.pre).
 * Role: a table of expressions, each of which isolates what it matches in what the one before left. Source: llama.cpp,
 * llama-vocab.cpp, llm_tokenizer_bpe; the expressions are those of the models' own tokenizer.json.
 */

const contraction = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const words = `${contraction}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+`;
const rest = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** Up to three digits together. */
const llama3 = `${words}|\\p{N}{1,3}|${rest}`;
/** Each digit by itself. */
const qwen2 = `${words}|\\p{N}|${rest}`;

const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const cased = (end: string): string => {
  const before = '[^\\r\\n\\p{L}\\p{N}]?';
  return `${before}${upper}*${lower}+${end}|${before}${upper}+${lower}*${end}`;
};
const slashes = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

interface Cut {
  expressions: readonly string[];
  /** What llama.cpp does with the kind where the file does not tell. */
  addsBegin?: boolean;
  /** Whether a word that is a token is taken whole. */
  ignoresMerges?: boolean;
}

const cuts: readonly [readonly string[], Cut][] = [
  [['gpt-2', 'phi-2', 'olmo', 'mpt', 'jais', 'gigachat', 'roberta-bpe', 'granite-docling'], { expressions: [gpt2] }],
  [
    ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'pixtral'],
    { expressions: [llama3], addsBegin: true, ignoresMerges: true },
  ],
  [['dbrx', 'smaug-bpe', 'chatglm-bpe', 'glm4'], { expressions: [llama3] }],
  [['qwen2', 'stablelm2', 'deepseek-r1-qwen', 'megrez', 'hunyuan'], { expressions: [qwen2] }],
  [
    ['starcoder', 'refact', 'command-r', 'smollm', 'codeshell', 'exaone', 'minerva-7b'],
    { expressions: ['\\p{N}', gpt2] },
  ],
  [['falcon'], { expressions: ['[\\p{P}\\$\\+<=>\\^~\\|`]+', gpt2, '[0-9][0-9][0-9]'] }],
  [['bloom', 'poro-chat', 'gpt3-finnish'], { expressions: [' ?[^(\\s|.,!?…。，、।۔،)]+'] }],
  [['tekken'], { expressions: [`${cased('')}|\\p{N}|${slashes}`], addsBegin: true, ignoresMerges: true }],
  [['gpt-4o', 'llama4'], { expressions: [`${cased(`${contraction}?`)}|\\p{N}{1,3}|${slashes}`] }],
  [['default'], { expressions: ['[\\p{P}\\$\\+<=>\\^~\\|]+', gpt2, '\\p{N}+', '[0-9][0-9][0-9]'] }],
];

/** How a kind cuts; null for one that is not known. */
export function cutOf(kind: string): Cut | null {
  return cuts.find(([kinds]) => kinds.includes(kind))?.[1] ?? null;
}
