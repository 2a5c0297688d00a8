/** `gqa-lens forward MODEL`: one forward pass on the GPU; loss, and on request logits, maps, hidden states, continuation. */
import type { Command } from 'commander';
import { hasBothStacks, isEncoderOnly, noEncoderLoss } from '../../protocol/layers';
import type { ModelSummary } from '../../protocol/model';
import type { Continuation, RunSummary } from '../../protocol/runs';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import { writeForwardFile, type ForwardTensor } from './forwardFile';
import { requireInput, withInput, type InputOptions } from './inputOptions';
import { wholeNumber, withJson } from './options';
import { facts, visibleText } from './text';
import { layerStarts, outputStack } from '../../model/specFacts';

const encoderDecoderHelp = `
Encoder-decoders read --text or --ids with the encoder. --decoder-text is put after the decoder's start token; losses are
of the decoder's tokens. --greedy answers the encoder's text from the start token, whatever the decoder was given. --out
also writes decoder_input_ids, and names maps and hidden states attn.encoder.N, attn.decoder.N, attn.cross.N,
hidden.encoder.N and hidden.decoder.N.`;

interface ForwardOptions extends CommonOptions, InputOptions {
  greedy?: number;
  hidden?: boolean;
  out?: string;
}

/** Adds the command. */
export function addForward(program: Command, open: OpenContext): void {
  const command = withJson(program.command('forward'))
    .argument('<model>', 'checkpoint folder, weight file, or index file')
    .description('Run a checkpoint on the GPU and tell the loss; --out writes logits and attention maps.');
  withInput(command)
    .option('--greedy <n>', 'continue by this many of the most probable tokens', wholeNumber(1))
    .option('--out <file>', 'write input_ids, logits, attn.N and what else was asked for as one .safetensors file')
    .option('--hidden', 'also write hidden.N: the input of each layer, and last the output of the final norm')
    .addHelpText('after', encoderDecoderHelp)
    .action(async (path: string, options: ForwardOptions) => {
      const input = requireInput(options, command);
      if (options.hidden === true && options.out === undefined) {
        command.error('error: --hidden needs --out FILE', { exitCode: 2 });
      }
      const context = open();
      const { engine, openModel, task } = context;
      const model = await openModel(path);
      const maxTokens = model.maxPositions ?? Number.MAX_SAFE_INTEGER;
      const run = await engine.run({ modelId: model.modelId, input, conversion: null, maxTokens }, task);
      try {
        const continuation =
          options.greedy === undefined ? null : await engine.continuation(run.runId, options.greedy, task);
        if (options.out !== undefined) await writeOut(options.out, model, run, continuation, options, context);
        context.print(options, toJson(run, continuation, options), describe(model, run, continuation, options));
      } finally {
        engine.release(run.runId);
      }
    });
}

async function writeOut(
  file: string,
  model: ModelSummary,
  run: RunSummary,
  continuation: Continuation | null,
  options: ForwardOptions,
  { engine, task }: CommandContext,
): Promise<void> {
  const { runId, encoderTokens } = run;
  const decoder = run.tokens.map(({ id }) => id);
  const encoder = encoderTokens?.map(({ id }) => id) ?? null;
  const lengths = { encoder: encoder?.length ?? decoder.length, decoder: decoder.length };
  const integers = (name: string, ids: readonly number[]): ForwardTensor => ({
    name,
    shape: [ids.length],
    read: () => Promise.resolve(Int32Array.from(ids)),
  });
  const tensors: ForwardTensor[] = [
    ...(encoder
      ? [integers('input_ids', encoder), integers('decoder_input_ids', decoder)]
      : [integers('input_ids', decoder)]),
    { name: 'logits', shape: [decoder.length, model.V], read: () => engine.logits(runId, task) },
  ];
  for (const [layer, { name, stack, attention }] of model.layers.entries()) {
    const shape = [model.H, lengths[stack], lengths[attention === 'causal' ? 'decoder' : 'encoder']];
    tensors.push({ name: `attn.${name}`, shape, read: () => engine.maps(runId, layer, task) });
  }
  const stacks = hasBothStacks(model) ? (['encoder', 'decoder'] as const) : [outputStack(model)];
  for (const stack of options.hidden === true ? stacks : []) {
    for (let index = 0; index <= layerStarts(model.layers, stack).length; index += 1) {
      const name = encoder ? `hidden.${stack}.${index}` : `hidden.${index}`;
      const shape = [lengths[stack], model.D];
      tensors.push({ name, shape, read: () => engine.hidden(runId, index, task, stack) });
    }
  }
  if (continuation !== null) {
    // An encoder-decoder's answer starts from its start token.
    const prompt = encoder ? decoder.slice(0, 1) : decoder;
    tensors.push(integers('greedy', [...prompt, ...continuation.ids]));
  }
  await writeForwardFile(file, tensors, task);
}

function toJson(run: RunSummary, continuation: Continuation | null, { out }: ForwardOptions): object {
  const { modelName, tokens, encoderTokens, droppedTokens, loss, perplexity, lossPerToken, adapter } = run;
  return {
    model: modelName,
    tokens,
    ...(encoderTokens ? { encoderTokens } : {}),
    droppedTokens,
    loss,
    perplexity,
    lossPerToken: Array.from(lossPerToken),
    kvCacheBytesPerToken: run.kvCacheBytesPerToken,
    ...(encoderTokens ? { crossCacheBytesPerToken: run.crossCacheBytesPerToken } : {}),
    adapter,
    computeType: run.computeType,
    milliseconds: run.milliseconds,
    ...(continuation === null ? {} : { greedy: continuation }),
    ...(out === undefined ? {} : { out }),
  };
}

function whyNoLoss(model: ModelSummary): string {
  return isEncoderOnly(model) ? noEncoderLoss : 'a single token predicts nothing';
}

function describe(
  model: ModelSummary,
  run: RunSummary,
  continuation: Continuation | null,
  { out }: ForwardOptions,
): string {
  const { tokens, encoderTokens, droppedTokens, loss, perplexity, milliseconds, adapter, computeType } = run;
  const cut = droppedTokens === 0 ? '' : `, ${droppedTokens} more were cut: the model takes ${model.maxPositions ?? 0}`;
  return facts([
    ['model', model.name],
    ...(encoderTokens
      ? [
          ['tokens', `${encoderTokens.length} of the encoder, ${tokens.length} of the decoder${cut}`] as const,
          ['decoder', visibleText(tokens.map(({ text }) => text).join(''))] as const,
        ]
      : [['tokens', `${tokens.length}${cut}`] as const]),
    ['loss', loss === null ? `none: ${whyNoLoss(model)}` : `${loss.toFixed(4)} nats a token`],
    ...(perplexity === null ? [] : [['perplexity', perplexity.toFixed(2)] as const]),
    ['time', `${Math.round(milliseconds)} ms in ${computeType} on ${adapter}`],
    ...(continuation === null ? [] : [['greedy', visibleText(continuation.text)] as const]),
    ...(out === undefined ? [] : [['written', out] as const]),
  ]);
}
