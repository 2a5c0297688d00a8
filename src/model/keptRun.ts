/**
 * What stays on the GPU after a forward pass: each layer's input and the key/value caches. Maps are recomputed from them.
 * Role: the memory of a run and its freeing. (DESIGN idea: L·S·D floats are kept, never L·H·S² maps.)
 */
import type { GpuContext, Span } from '../gpu/context';
import type { TaskContext } from '../protocol/tasks';
import type { Tokens } from '../protocol/tokens';
import { encode, type Encoded } from './encoder';
import { forward, newCaches } from './forward';
import type { GpuWeights } from './gpuWeights';
import type { LayerCache } from './project';
import type { KeptQueries } from './queries';
import { layerOf, outputStack } from './specFacts';
import type { WeightSource } from './weightSource';
import { checkTokens, decoderTokens, encoderTokens } from './tokens';

export class KeptRun {
  /** Maps' queries of the layers looked at last. */
  readonly queries = new Map<number, KeptQueries>();

  constructor(
    readonly source: WeightSource,
    readonly tokens: Tokens,
    /** [L] of [rowsOf(layer), pad4(D)]: hidden states before each layer. */
    public inputs: readonly Span[],
    /** [S, pad4(D)] after the last layer, before the final norm. */
    readonly output: Span,
    public caches: readonly LayerCache[],
    /** [L] of [rowsOf(layer), pad4(D)]: the stream after each layer's attention; empty unless it was to be kept. */
    private attended: readonly Span[] = [],
    /** The encoder's part; null without one. */
    public encoded: Encoded | null = null,
  ) {}

  /** [S] the tokens that logits belong to: in an encoder-decoder, the decoder's. */
  get ids(): readonly number[] {
    return decoderTokens(this.tokens);
  }

  get S(): number {
    return this.ids.length;
  }

  /** Tokens that a continuation goes on from. An encoder-decoder answers the encoder's text from its start token. */
  get promptLength(): number {
    return encoderTokens(this.tokens) ? 1 : this.S;
  }

  /** Query positions of a layer. */
  rowsOf(layer: number): number {
    return this.lengthOf(layerOf(this.source.spec, layer).stack);
  }

  /** Key positions of a layer. */
  keysOf(layer: number): number {
    return this.lengthOf(layerOf(this.source.spec, layer).attention === 'causal' ? 'decoder' : 'encoder');
  }

  private lengthOf(stack: 'encoder' | 'decoder'): number {
    return stack === 'decoder' ? this.S : (encoderTokens(this.tokens)?.length ?? this.S);
  }

  /** What a layer's attention adds to the residual stream: the stream after it above the layer's input. */
  attention(layer: number): { rows: Span; base: Span } {
    const [rows, base] = [this.attended[layer], this.inputs[layer]];
    if (!rows || !base) throw new Error(`the run kept no attention of layer ${layer}`);
    return { rows, base };
  }

  /** [rowsOf(layer), pad4(D)] the residual stream after a layer. */
  after(layer: number): Span {
    const { layers } = this.source.spec;
    const { stack } = layerOf(this.source.spec, layer);
    if (this.encoded && stack === 'encoder' && layers[layer + 1]?.stack !== stack) return this.encoded.output;
    return this.inputs[layer + 1] ?? this.output;
  }

  /** Bytes on the GPU. */
  get bytes(): number {
    return this.spans().reduce((sum, { size }) => sum + size, 0);
  }

  /** Frees all but what logits are made from. Maps and continuations of the run can no longer be had. */
  keepOutputOnly(): void {
    for (const span of this.spans()) if (span !== this.output) span.buffer.destroy();
    this.inputs = this.attended = [];
    this.encoded = null;
    this.caches = [];
    this.queries.clear();
  }

  /** Frees the GPU memory. The run cannot be used afterwards. */
  destroy(): void {
    for (const { buffer } of this.spans()) buffer.destroy();
    this.queries.clear();
  }

  private spans(): Span[] {
    const caches = this.caches.flatMap(({ keys, values }) => [keys, values]);
    const encoded = this.encoded ? [this.encoded.output, this.encoded.memory] : [];
    const queries = [...this.queries.values()].map(({ span }) => span);
    return [...this.inputs, ...this.attended, this.output, ...queries, ...caches, ...encoded];
  }
}

/**
 * Runs the text once and keeps what looking at it needs. Frees everything when it fails or is cancelled.
 * @param keepAttention also keep what `attention` gives, another L·S·D floats
 */
export async function keepRun(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  tokens: Tokens,
  task: TaskContext,
  keepAttention = false,
): Promise<KeptRun> {
  const { spec } = source;
  checkTokens(spec, tokens);
  const [ids, encoderIds] = [decoderTokens(tokens), encoderTokens(tokens)];
  const T = encoderIds?.length ?? ids.length;
  const caches = newCaches(context, spec, ({ attention }) => (attention === 'causal' ? ids.length : T));
  const inputs: Span[] = [];
  const attended: Span[] = [];
  let encoded: Encoded | null = null;
  try {
    const keepIn =
      (kept: Span[]) =>
      (layer: number, span: Span): void => {
        kept[layer] = span;
      };
    const keep = { caches, keepInput: keepIn(inputs), ...(keepAttention ? { keepAttended: keepIn(attended) } : {}) };
    encoded = encoderIds && (await encode(context, weights, source, encoderIds, keep, task));
    const memory = encoded ? { memory: { T, rows: encoded.memory } } : {};
    const stack = outputStack(spec);
    const output = await forward(context, weights, source, ids, { stack, past: 0, ...memory, ...keep }, task);
    return new KeptRun(source, tokens, inputs, output, caches, attended, encoded);
  } catch (error) {
    const spans = [...inputs, ...attended, ...caches.flatMap(({ keys, values }) => [keys, values])];
    if (encoded) spans.push(encoded.output, encoded.memory);
    for (const { buffer } of spans) buffer.destroy();
    throw error;
  }
}
