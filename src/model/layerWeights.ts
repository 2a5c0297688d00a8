/**
 * One layer's weights, leased together from the store.
 * Role: names for what a layer of the forward pass binds. The computation is forward.ts.
 */
import type { Span } from '../gpu/context';
import type { GpuMatrix } from '../gpu/operations/matrix';
import type { NormWeights } from '../gpu/operations/norm';
import { vectorOf, type GpuWeights, type Lease } from './gpuWeights';
import type { GlobalRole, LayerRole, Role, WeightSource } from './spec';

const layerRoles: readonly LayerRole[] = [
  'attention.norm.weight',
  'attention.norm.bias',
  'q.weight',
  'q.bias',
  'k.weight',
  'k.bias',
  'v.weight',
  'v.bias',
  'o.weight',
  'o.bias',
  'mlp.norm.weight',
  'mlp.norm.bias',
  'gate.weight',
  'gate.bias',
  'up.weight',
  'up.bias',
  'down.weight',
  'down.bias',
];

/** What attention maps need of a layer: its norm and query projection. */
export const queryRoles: readonly LayerRole[] = ['attention.norm.weight', 'attention.norm.bias', 'q.weight', 'q.bias'];

/** Leased weights by role. Release after the work that uses them is submitted. */
export class LeasedWeights {
  constructor(
    private readonly source: WeightSource,
    private readonly leases: ReadonlyMap<Role, Lease>,
  ) {}

  has(role: Role): boolean {
    return this.leases.has(role);
  }

  matrix(role: Role): GpuMatrix {
    const lease = this.leases.get(role);
    if (!lease) throw new Error(`the weights of role ${role} are not leased`);
    return lease.matrix;
  }

  vector(role: Role): Span {
    return vectorOf(this.matrix(role));
  }

  optionalVector(role: Role): Span | undefined {
    return this.leases.has(role) ? this.vector(role) : undefined;
  }

  norm(name: 'attention' | 'mlp' | 'final' | 'encoder'): NormWeights {
    return {
      ...this.source.spec.norm,
      weight: this.vector(`${name}.norm.weight`),
      bias: this.optionalVector(`${name}.norm.bias`),
    };
  }

  release(): void {
    for (const lease of this.leases.values()) lease.release();
  }
}

/** Leases the given roles of a layer (all that the source has), reading those that are not on the GPU yet. */
export function leaseLayer(
  weights: GpuWeights,
  source: WeightSource,
  layer: number,
  signal: AbortSignal,
  roles: readonly LayerRole[] = layerRoles,
): Promise<LeasedWeights> {
  return lease(weights, source, layer, roles, signal);
}

/** Leases the final norm and the output head. */
export function leaseHead(weights: GpuWeights, source: WeightSource, signal: AbortSignal): Promise<LeasedWeights> {
  const roles: readonly GlobalRole[] = ['final.norm.weight', 'final.norm.bias', 'head.weight', 'head.bias'];
  return lease(weights, source, null, roles, signal);
}

/** Leases the norm after the encoder. */
export function leaseEncoderNorm(
  weights: GpuWeights,
  source: WeightSource,
  signal: AbortSignal,
): Promise<LeasedWeights> {
  return lease(weights, source, null, ['encoder.norm.weight', 'encoder.norm.bias'], signal);
}

async function lease(
  weights: GpuWeights,
  source: WeightSource,
  layer: number | null,
  roles: readonly Role[],
  signal: AbortSignal,
): Promise<LeasedWeights> {
  const present = roles.filter((role) => source.has(role, layer));
  const results = await Promise.allSettled(present.map((role) => weights.acquire(source, role, layer, signal)));
  const failed = results.find((result) => result.status === 'rejected');
  const leases = new Map<Role, Lease>();
  results.forEach((result, index) => {
    const role = present[index];
    if (result.status === 'fulfilled' && role !== undefined) leases.set(role, result.value);
  });
  if (failed) {
    for (const held of leases.values()) held.release();
    throw failed.reason;
  }
  return new LeasedWeights(source, leases);
}
