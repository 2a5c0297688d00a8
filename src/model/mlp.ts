/**
 * The inner part of an MLP: what its projection back to the residual stream reads.
 * Role: shared by a layer's own MLP and by experts.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import { linear } from '../gpu/operations/linear';
import { pad4, type GpuMatrix } from '../gpu/operations/matrix';
import { activate } from '../gpu/operations/mlp';
import type { ModelSpec } from './spec';

/** Weights by their part of the MLP: a layer's, or one expert's. */
export interface MlpWeights {
  matrix(role: 'gate.weight' | 'up.weight'): GpuMatrix;
  optionalVector(role: 'gate.bias' | 'up.bias'): Span | undefined;
}

/** up[S, pad4(F)] = activation(gate(rows)) · up(rows), or activation(up(rows)); rows [S, pad4(D)]. */
export function runMlp(
  context: GpuContext,
  batch: Batch,
  { F, mlp }: ModelSpec,
  weights: MlpWeights,
  rows: Span,
  { gate, up }: { gate: Span; up: Span },
  S: number,
): void {
  const gated = mlp.kind === 'gated';
  const bias = (role: 'gate' | 'up') => ({ bias: weights.optionalVector(`${role}.bias`) });
  if (gated) linear(context, batch, rows, weights.matrix('gate.weight'), gate, S, bias('gate'));
  linear(context, batch, rows, weights.matrix('up.weight'), up, S, bias('up'));
  activate(context, batch, mlp.activation, gated ? gate : null, up, S * pad4(F));
}
