/** The registry of llama.cpp's architectures. One is a line here and a table in a file of this folder. */
import type { Architecture } from './architecture';
import { bloom, falcon, gptNeox } from './fused';
import { gemma, gemma2 } from './gemma';
import { gpt2 } from './gpt2';
import { llama } from './llama';
import { phi3 } from './phi3';
import { qwen2, qwen3 } from './qwen';
import { starcoder2 } from './starcoder2';

export const architectures: readonly Architecture[] = [
  ...[llama, qwen2, qwen3, gemma, gemma2, phi3],
  ...[gpt2, gptNeox, starcoder2, falcon, bloom],
];
