/** What kind of model a list of layers makes: for everybody who says something of a model. */
import type { LayerView } from './model';

type Layers = readonly Pick<LayerView, 'stack'>[];

/** Whether the model is an encoder alone: every position sees the whole text, and none predicts what comes after it. */
export function isEncoderOnly({ layers }: { layers: Layers }): boolean {
  return layers.length > 0 && layers.every(({ stack }) => stack === 'encoder');
}

/** Whether it has an encoder and a decoder, each with a text of its own. */
export function hasBothStacks({ layers }: { layers: Layers }): boolean {
  return layers.some(({ stack }) => stack === 'encoder') && !isEncoderOnly({ layers });
}

/** Why an encoder alone has no loss on a text as it stands. */
export const noEncoderLoss = 'an encoder sees every token that it is asked for; on text files, tokens are masked';
/** Why it has no KV cache. */
export const noEncoderCache = 'an encoder reads a text once';
