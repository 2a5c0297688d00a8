/** `gqa-lens forward MODEL`: one forward pass on the GPU; loss, and on request logits, maps, hidden states, continuation. */
import type { Command } from 'commander';
import type { Continuation, ModelSummary, RunSummary } from '../../protocol/model';
import type { CommandContext, CommonOptions, OpenContext } from './command';
import { writeForwardFile, type ForwardTensor } from './forwardFile';
import { requireInput, wholeNumber, withInput, withJson, type InputOptions } from './options';
import { facts, visibleText } from './text';

interface ForwardOptions extends CommonOptions, InputOptions {
  greedy?: number;
  hidden?: boolean;
  out?: string;
}

/** Adds the command. */
export function addForward(program: Command, open: OpenContext): void {
  const command = withJson(program.command('forward'))
    .argument('<model>', 'checkpoint folder, .safetensors file, or index file')
    .description('Run a checkpoint on the GPU and tell the loss; --out writes logits and attention maps.');
  withInput(command)
    .option('--greedy <n>', 'continue by this many of the most probable tokens', wholeNumber(1))
    .option('--out <file>', 'write input_ids, logits, attn.N and what else was asked for as one .safetensors file')
    .option('--hidden', 'also write hidden.N: the input of each layer, and last the output of the final norm')
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
  const ids = run.tokens.map(({ id }) => id);
  const S = ids.length;
  const tensors: ForwardTensor[] = [
    { name: 'input_ids', shape: [S], read: () => Promise.resolve(Int32Array.from(ids)) },
    { name: 'logits', shape: [S, model.V], read: () => engine.logits(run.runId, task) },
  ];
  for (let layer = 0; layer < model.L; layer += 1) {
    tensors.push({ name: `attn.${layer}`, shape: [model.H, S, S], read: () => engine.maps(run.runId, layer, task) });
  }
  for (let index = 0; options.hidden === true && index <= model.L; index += 1) {
    tensors.push({ name: `hidden.${index}`, shape: [S, model.D], read: () => engine.hidden(run.runId, index, task) });
  }
  if (continuation !== null) {
    const whole = [...ids, ...continuation.ids];
    tensors.push({ name: 'greedy', shape: [whole.length], read: () => Promise.resolve(Int32Array.from(whole)) });
  }
  await writeForwardFile(file, tensors, task);
}

function toJson(run: RunSummary, continuation: Continuation | null, { out }: ForwardOptions): object {
  const { modelName, tokens, droppedTokens, loss, perplexity, lossPerToken, kvCacheBytesPerToken, adapter } = run;
  return {
    model: modelName,
    tokens,
    droppedTokens,
    loss,
    perplexity,
    lossPerToken: Array.from(lossPerToken),
    kvCacheBytesPerToken,
    adapter,
    computeType: run.computeType,
    milliseconds: run.milliseconds,
    ...(continuation === null ? {} : { greedy: continuation }),
    ...(out === undefined ? {} : { out }),
  };
}

function describe(
  model: ModelSummary,
  run: RunSummary,
  continuation: Continuation | null,
  { out }: ForwardOptions,
): string {
  const { tokens, droppedTokens, loss, perplexity, milliseconds, adapter, computeType } = run;
  const cut = droppedTokens === 0 ? '' : `, ${droppedTokens} more were cut: the model takes ${tokens.length}`;
  return facts([
    ['model', model.name],
    ['tokens', `${tokens.length}${cut}`],
    ['loss', loss === null ? 'none: a single token predicts nothing' : `${loss.toFixed(4)} nats a token`],
    ...(perplexity === null ? [] : [['perplexity', perplexity.toFixed(2)] as const]),
    ['time', `${Math.round(milliseconds)} ms in ${computeType} on ${adapter}`],
    ...(continuation === null ? [] : [['greedy', visibleText(continuation.text)] as const]),
    ...(out === undefined ? [] : [['written', out] as const]),
  ]);
}
