/**
 * What a model has besides the usual, in words for people.
 * Role: for summaries. Position and sizes are told by themselves.
 */
import type { ModelSpec } from './spec';

/** One short phrase for each feature: "window of 4096 tokens on 13 of 26 layers", "qk-norm". */
export function describeFeatures(spec: ModelSpec): string[] {
  const { layers, softcaps, queryKeyNorm, mlp, residual } = spec;
  const caps = [
    ...(softcaps?.scores === undefined ? [] : [`scores ${softcaps.scores}`]),
    ...(softcaps?.logits === undefined ? [] : [`logits ${softcaps.logits}`]),
  ];
  const factors = [
    ...(spec.embeddingScale === undefined ? [] : [`embeddings ${round(spec.embeddingScale)}`]),
    ...(spec.residualScale === undefined ? [] : [`residuals ${round(spec.residualScale)}`]),
    ...(spec.outputScale === undefined ? [] : [`logits ${round(spec.outputScale)}`]),
  ];
  return [
    ...(spec.within ? [`the language model of a larger one; left out: ${spec.within.besides}`] : []),
    ...describeWindows(spec),
    ...(layers.some(({ weights }) => weights.sinks) ? ['attention sinks'] : []),
    ...(queryKeyNorm ? [`qk-norm${queryKeyNorm.over === 'heads' ? ' over all heads' : ''}`] : []),
    ...(caps.length > 0 ? [`soft caps: ${caps.join(', ')}`] : []),
    ...(mlp.experts ? [`${mlp.experts.count} experts, ${mlp.experts.chosen} a token`] : []),
    ...(residual === 'parallel' ? ['attention and MLP in parallel'] : []),
    ...(factors.length > 0 ? [`factors: ${factors.join(', ')}`] : []),
  ];
}

function describeWindows({ layers }: ModelSpec): string[] {
  const windows = layers.flatMap(({ window }) => (window === undefined ? [] : [window]));
  return [...new Set(windows)].map((window) => {
    const count = windows.filter((other) => other === window).length;
    return `window of ${window} tokens${count === layers.length ? '' : ` on ${count} of ${layers.length} layers`}`;
  });
}

const round = (value: number): number => Number(value.toPrecision(4));
