/** The registry of llama.cpp's architectures. One is a line here and a table in a file of this folder. */
import type { Architecture } from './architecture';
import { commandR } from './commandR';
import { bloom, falcon, gptNeox } from './fused';
import { gemma, gemma2, gemma3 } from './gemma';
import { gpt2 } from './gpt2';
import { granite } from './granite';
import { llama } from './llama';
import { olmo2 } from './olmo2';
import { phi3 } from './phi3';
import { qwen2, qwen3 } from './qwen';
import { smollm3 } from './smollm3';
import { starcoder2 } from './starcoder2';

export const architectures: readonly Architecture[] = [
  ...[llama, qwen2, qwen3, gemma, gemma2, gemma3, phi3],
  ...[gpt2, gptNeox, starcoder2, falcon, bloom],
  ...[granite, olmo2, smollm3, commandR],
];
