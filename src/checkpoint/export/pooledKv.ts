/**
 * The pooled K and V of a converted model by themselves, each head once: beside files that have to repeat them.
 * Role: names and shapes of pooled-kv.safetensors.
 */
import { kvHeadsOf } from '../../model/specFacts';
import type { LayerRole } from '../../model/roles';
import type { WeightSource } from '../../model/weightSource';
import type { RoleTensor } from './roleTensors';

export const pooledKvFile = 'pooled-kv.safetensors';

const roles: readonly LayerRole[] = ['k.weight', 'k.bias', 'v.weight', 'v.bias'];

/** For every layer NAME whose heads are grouped: `layers.NAME.k.weight` [G·K, D], `layers.NAME.k.bias` [G·K], v alike. */
export function pooledKvTensors(source: WeightSource): RoleTensor[] {
  const { spec } = source;
  return spec.layers.flatMap(({ name, grouped }, layer) =>
    roles
      .filter((role) => grouped && source.has(role, layer))
      .map((role) => {
        const rows = kvHeadsOf(spec, layer) * spec.K;
        const shape = role.endsWith('.bias') ? [rows] : [rows, spec.D];
        return { name: `layers.${name}.${role}`, shape, parts: [{ role, layer, rows }] };
      }),
  );
}
