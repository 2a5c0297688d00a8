/** Measures as people read them in a terminal: both models beside each other, then layers, heads, and what moved most. */
import { noEncoderLoss } from '../../protocol/layers';
import type { LayerMeasures, ModelMeasures, MovedToken, TextMeasures } from '../../protocol/measures';
import { formatBytes, formatChange, formatCount, table, visibleText } from './text';

/** Parts of a window whose KL is told by itself. */
const positionParts = 4;
/** Predictions shown of those that moved most. */
const shownMoved = 5;

const noLayers =
  'The layers are not compared: the models differ in their number of layers, or in query heads and hidden size.';

/** @param asked whether layers were to be compared, and whether every head's divergence is printed */
export function describeMeasures(measures: TextMeasures, asked: { heads?: boolean; layers: boolean }): string {
  const { layers, moved } = measures;
  return [
    describeModels(measures),
    describePredictions(measures),
    ...(layers ? [describeLayers(layers)] : asked.layers ? [noLayers] : []),
    ...(layers?.[0]?.jensenShannon && asked.heads === true ? [describeHeads(layers)] : []),
    ...(moved.length > 0 ? [describeMoved(moved.slice(0, shownMoved))] : []),
  ].join('\n\n');
}

function describeModels({ a, b }: TextMeasures): string {
  const row = (
    label: string,
    value: (model: ModelMeasures) => number | null,
    format: (value: number) => string,
    change: (before: number, after: number) => string,
  ): string[] => {
    const [before, after] = [value(a) ?? NaN, value(b) ?? NaN];
    return [label, ...[before, after].map((one) => (Number.isNaN(one) ? '–' : format(one))), change(before, after)];
  };
  const cache = row('KV cache a token', (m) => m.kvCacheBytesPerToken, formatBytes, formatChange);
  const cross = row('cross cache a token', (m) => m.crossCacheBytesPerToken, formatBytes, formatChange);
  const rows = [
    ['', a.model, labelOf(a, b), 'change'],
    row('loss (nats)', ({ loss }) => loss, (loss) => loss.toFixed(4), signed), // prettier-ignore
    row('perplexity', ({ perplexity }) => perplexity, (value) => value.toFixed(2), formatChange), // prettier-ignore
    ...(a.kvCacheBytesPerToken > 0 ? [cache] : []),
    ...(a.crossCacheBytesPerToken > 0 ? [cross] : []),
    row('parameters', ({ parameters }) => parameters, formatCount, formatChange),
  ];
  const time = ({ millisecondsPerToken }: ModelMeasures): number | null => millisecondsPerToken;
  if (time(a) !== null) rows.push(row('time a token', time, (value) => `${value.toPrecision(3)} ms`, formatChange));
  return table(rows, 'lrrr') + (isWithoutLoss(a) ? `\nNo loss: ${noEncoderLoss}.` : '');
}

/** An encoder alone, the only model without a cache, on a text that is not masked. */
function isWithoutLoss({ loss, kvCacheBytesPerToken }: ModelMeasures): boolean {
  return loss === null && kvCacheBytesPerToken === 0;
}

/** The second column: the other checkpoint, or what was done to the first one. */
function labelOf(a: ModelMeasures, { model, conversion, G }: ModelMeasures): string {
  if (conversion) return `${G} of ${a.G} KV heads, ${conversion.merge}`;
  return model;
}

function describePredictions({ klMean, klPerPosition, top1Agreement, tokens, windows, adapter }: TextMeasures): string {
  const lines = [`KL ${klMean.toFixed(4)} nats a token · top-1 agreement ${(100 * top1Agreement).toFixed(1)} %`];
  const size = klPerPosition.length;
  if (size >= 2 * positionParts) {
    const parts = Array.from({ length: positionParts }, (_, part) => {
      const [first, end] = [part, part + 1].map((edge) => Math.round((edge * size) / positionParts)) as [
        number,
        number,
      ];
      const values = klPerPosition.subarray(first, end);
      return `${(values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4)} at ${first}–${end - 1}`;
    });
    lines.push(`KL by position in the window: ${parts.join(' · ')}`);
  }
  lines.push(`${tokens} tokens in ${windows} window${windows === 1 ? '' : 's'} · ${adapter}`);
  return lines.join('\n');
}

function describeLayers(layers: readonly LayerMeasures[]): string {
  const rows = layers.map(({ title, jensenShannon, attentionCosine, residualCosine }) => [
    title,
    ...describeMaps(jensenShannon),
    ...[attentionCosine, residualCosine].map((cosine) => cosine?.toFixed(4) ?? '–'),
  ]);
  const header = ['', 'maps JS', 'worst head', 'attention cosine', 'residual cosine'];
  return (
    `${table([header, ...rows], 'lrrrr')}\n` +
    'JS: Jensen-Shannon divergence of attention maps in bits, 0 is the same, 1 nothing in common. Cosines of what attention\n' +
    'adds to the residual stream and of the stream after the layer, 1 is the same direction.'
  );
}

/** Mean and largest divergence; none where the models have different heads. */
function describeMaps(jensenShannon: Float32Array | null): [string, string] {
  if (jensenShannon === null) return ['–', '–'];
  const largest = Math.max(...jensenShannon);
  const mean = jensenShannon.reduce((sum, value) => sum + value, 0) / jensenShannon.length;
  return [mean.toFixed(4), `${largest.toFixed(4)} (Q${jensenShannon.indexOf(largest)})`];
}

function describeHeads(layers: readonly LayerMeasures[]): string {
  const header = ['maps JS', ...Array.from(layers[0]?.jensenShannon ?? [], (_, head) => `Q${head}`)];
  const rows = layers.map(({ title, jensenShannon }) => [
    title,
    ...Array.from(jensenShannon ?? [], (value) => value.toFixed(3)),
  ]);
  return table([header, ...rows], `l${'r'.repeat(header.length - 1)}`);
}

function describeMoved(moved: readonly MovedToken[]): string {
  const quoted = (text: string): string => `"${visibleText(text)}"`;
  const rows = moved.map(({ kl, window, position, context, next, top }) => [
    kl.toFixed(2),
    `${window}:${position}`,
    quoted(context.map(({ text }) => text).join('')),
    next === null ? '–' : quoted(next.text),
    quoted(top.a.text),
    quoted(top.b.text),
  ]);
  const header = ['moved most: KL', 'window:position', 'after', 'the text goes on', 'original says', 'other says'];
  return table([header, ...rows], 'rrrlll');
}

function signed(before: number, after: number): string {
  const difference = after - before;
  if (Number.isNaN(difference)) return '–';
  return `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(4)}`;
}
