/** `gqa-lens inspect MODEL`: what a checkpoint is. Reads config and headers, no weights; needs no GPU. */
import type { Command } from 'commander';
import { layerStarts } from '../../model/specFacts';
import { isEncoderOnly, noEncoderCache } from '../../protocol/layers';
import type { LayerView, ModelSummary } from '../../protocol/model';
import type { CommonOptions, OpenContext } from './command';
import { withJson } from './options';
import { facts, formatBytes, formatCount } from './text';

/** Adds the command. */
export function addInspect(program: Command, open: OpenContext): void {
  withJson(program.command('inspect'))
    .argument('<model>', 'checkpoint folder, weight file, or index file')
    .description('Show what a checkpoint is: family, shapes, dtypes, KV cache. Needs no GPU.')
    .action(async (path: string, options: CommonOptions) => {
      const { openModel, print } = open();
      const model = await openModel(path);
      print(options, model, describe(model));
    });
}

function describe(model: ModelSummary): string {
  const { D, H, G, K, F, V } = model;
  const dtypes = Object.entries(model.dtypes).map(([dtype, count]) => `${dtype} ${formatCount(count)}`);
  const kind = G === H ? 'multi-head' : G === 1 ? 'multi-query' : 'grouped-query';
  return facts([
    ['model', model.name],
    ['family', model.familyTitle],
    [
      'parameters',
      `${formatCount(model.parameters)} (${dtypes.join(', ')}), ${formatBytes(model.bytesOnDisk)} on disk`,
    ],
    ['layers', `${describeLayers(model)} of hidden size ${D}, feed-forward ${F}`],
    [
      'attention',
      H === 0 ? 'no heads that config or tensors tell' : `${kind}: ${H} query heads on ${G} KV heads of size ${K}`,
    ],
    ['position', model.position],
    ...(model.features.length === 0 ? [] : [['besides', model.features.join('; ')] as const]),
    [
      'vocabulary',
      `${V}${model.tiedEmbeddings ? ', embeddings tied' : ''}${model.hasTokenizer ? '' : ', no tokenizer'}`,
    ],
    ['KV cache', describeCache(model)],
    ...(model.groupChoices.length === 0 ? [] : [['group choices', model.groupChoices.join(', ')] as const]),
    ...(model.notRunnable === null ? [] : [['cannot run', model.notRunnable] as const]),
  ]);
}

function describeLayers({ L, layers }: ModelSummary): string {
  const count = (stack: LayerView['stack']): number => layerStarts(layers, stack).length;
  if (isEncoderOnly({ layers })) return `${L} in the encoder`;
  if (count('encoder') === 0) return String(L);
  return `${count('encoder')} in the encoder, ${count('decoder')} in the decoder (${L} attentions)`;
}

function describeCache({ layers, kvCacheBytesPerToken, crossCacheBytesPerToken }: ModelSummary): string {
  if (isEncoderOnly({ layers })) return `none: ${noEncoderCache}`;
  if (kvCacheBytesPerToken === 0) return 'not known';
  const own = `${formatBytes(kvCacheBytesPerToken)} a token`;
  return crossCacheBytesPerToken === 0
    ? own
    : `${own}, and ${formatBytes(crossCacheBytesPerToken)} a token of the encoder`;
}
