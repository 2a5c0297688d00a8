/**
 * One layer's weights, leased together from the store.
 * Role: names for what a layer of the forward pass binds. The computation is forward.ts.
 */
import type { Span } from '../gpu/context';
import type { GpuMatrix } from '../gpu/operations/matrix';
import type { NormWeights } from '../gpu/operations/norm';
import { vectorOf, type GpuWeights, type Lease } from './gpuWeights';
import {
  layerNorms,
  projections,
  type ExpertPart,
  type ExpertRole,
  type GlobalNorm,
  type GlobalRole,
  type LayerNorm,
  type LayerRole,
  type Role,
} from './roles';
import type { WeightSource } from './weightSource';

const withBias = <Name extends string>(names: readonly Name[]) =>
  names.flatMap((name) => [`${name}.weight`, `${name}.bias`] as const);

/** All but experts, of which a layer leases those that its tokens go to. */
const layerRoles: readonly LayerRole[] = [
  ...withBias(layerNorms.map((name) => `${name}.norm` as const)),
  ...withBias(projections),
  'sinks',
];

/** What queries are made of. */
export const queryRoles: readonly LayerRole[] = [...withBias(['attention.norm', 'q', 'q.norm'] as const)];

/** What keys and values are made of. */
export const keyRoles: readonly LayerRole[] = [...withBias(['attention.norm', 'k', 'k.norm', 'v'] as const)];

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

  norm(name: LayerNorm | GlobalNorm): NormWeights {
    const { norm, queryKeyNorm } = this.source.spec;
    return {
      ...((name === 'q' || name === 'k') && queryKeyNorm ? queryKeyNorm : norm),
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

/** One expert's weights by their part of an MLP. */
export interface LeasedExpert {
  matrix(part: 'gate.weight' | 'up.weight' | 'down.weight'): GpuMatrix;
  optionalVector(part: 'gate.bias' | 'up.bias' | 'down.bias'): Span | undefined;
  release(): void;
}

/** Leases one expert of a layer. */
export async function leaseExpert(
  weights: GpuWeights,
  source: WeightSource,
  layer: number,
  expert: number,
  signal: AbortSignal,
): Promise<LeasedExpert> {
  const role = (part: ExpertPart): ExpertRole => `experts.${expert}.${part}`;
  const roles = withBias(['gate', 'up', 'down'] as const).map(role);
  const leased = await lease(weights, source, layer, roles, signal);
  return {
    matrix: (part) => leased.matrix(role(part)),
    optionalVector: (part) => leased.optionalVector(role(part)),
    release: () => leased.release(),
  };
}

/** What brings embeddings to the residual stream, where a model has it. */
export const embeddingRoles: readonly GlobalRole[] = ['embed.projection.weight', ...withBias(['embed.norm'] as const)];

/** What makes logits of the residual stream. */
const headRoles: readonly GlobalRole[] = [
  ...withBias(['final.norm', 'head.transform', 'head.norm', 'head'] as const),
  'head.projection.weight',
];

/** Leases weights outside the layers: the final norm and the output head unless others are asked for. */
export function leaseGlobals(
  weights: GpuWeights,
  source: WeightSource,
  signal: AbortSignal,
  roles: readonly GlobalRole[] = headRoles,
): Promise<LeasedWeights> {
  return lease(weights, source, null, roles, signal);
}

/** Leases a norm outside the layers. */
export function leaseNorm(
  weights: GpuWeights,
  source: WeightSource,
  name: GlobalNorm,
  signal: AbortSignal,
): Promise<LeasedWeights> {
  return leaseGlobals(weights, source, signal, withBias([`${name}.norm`] as const));
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
