/** The registry of model families. A family is one file of this folder and one line here. */
import { bert } from './bert';
import { bloom } from './bloom';
import { cohere } from './cohere';
import { falcon } from './falcon';
import type { ModelFamily } from './family';
import { gemma } from './gemma';
import { gemma2 } from './gemma2';
import { gemma3 } from './gemma3';
import { gpt2 } from './gpt2';
import { gptBigCode } from './gptBigCode';
import { gptj } from './gptj';
import { gptNeox } from './gptNeox';
import { gptOss } from './gptOss';
import { granite } from './granite';
import { llama } from './llama';
import { mistral } from './mistral';
import { mixtral } from './mixtral';
import { olmo2 } from './olmo2';
import { opt } from './opt';
import { phi } from './phi';
import { phi3 } from './phi3';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';
import { smollm3 } from './smollm3';
import { stablelm } from './stablelm';
import { starcoder2 } from './starcoder2';
import { t5 } from './t5';

export type { ModelFamily } from './family';

/** In the order in which people are told of them. */
export const families: readonly ModelFamily[] = [
  ...[llama, mistral, mixtral, qwen2, qwen3, gemma, gemma2, gemma3, phi, phi3],
  ...[gpt2, gptj, gptNeox, gptBigCode, gptOss, starcoder2, stablelm, falcon, bloom, opt],
  ...[olmo2, granite, cohere, smollm3],
  ...[t5, bert],
];
