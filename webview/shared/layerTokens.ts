/** Which tokens stand along the rows and the columns of a layer's maps. Pure. */
import type { LayerView } from '../../src/protocol/model';
import type { RunSummary } from '../../src/protocol/runs';
import type { Token } from '../../src/protocol/tokens';

export interface LayerTokens {
  /** [S] */
  queries: readonly Token[];
  /** [T] */
  keys: readonly Token[];
}

const none: LayerTokens = { queries: [], keys: [] };

/** The tokens of a layer's queries and keys: in an encoder-decoder, each stack has its own text. */
export function layerTokens(run: RunSummary | null | undefined, layer: LayerView | undefined): LayerTokens {
  if (!run) return none;
  const { tokens: decoder, encoderTokens } = run;
  const encoder = encoderTokens ?? decoder;
  return {
    queries: layer?.stack === 'encoder' ? encoder : decoder,
    keys: layer === undefined || layer.attention === 'causal' ? decoder : encoder,
  };
}
