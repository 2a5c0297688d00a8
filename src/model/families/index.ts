/** The registry of model families. A family is one file of this folder and one line here. */
import type { ModelFamily } from './family';
import { gpt2 } from './gpt2';
import { gptNeox } from './gptNeox';
import { llama } from './llama';
import { phi } from './phi';
import { qwen2 } from './qwen2';
import { stablelm } from './stablelm';
import { t5 } from './t5';

export type { ModelFamily } from './family';

/** In the order in which they are asked. */
export const families: readonly ModelFamily[] = [llama, gpt2, gptNeox, phi, qwen2, stablelm, t5];
