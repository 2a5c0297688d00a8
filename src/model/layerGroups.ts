/**
 * The tables of who reads whom for every layer of a forward pass, on the GPU.
 * Role: one upload for layers that share alike. The table's form is gpu/operations/headGroups.ts.
 */
import type { GpuContext } from '../gpu/context';
import { uploadHeadGroups, type HeadGroups } from '../gpu/operations/headGroups';
import { groupOfHead, kvHeadsOf } from './specFacts';
import type { ModelSpec } from './spec';

export class LayerGroups {
  private readonly known = new Map<string, HeadGroups>();

  constructor(
    private readonly context: GpuContext,
    private readonly spec: ModelSpec,
  ) {}

  /** The groups of a layer's attention; they live until `destroy`. */
  layer(layer: number): HeadGroups {
    const groups = groupOfHead(this.spec, layer);
    const key = groups.join(' ');
    const table = this.known.get(key) ?? uploadHeadGroups(this.context, groups, kvHeadsOf(this.spec, layer));
    this.known.set(key, table);
    return table;
  }

  destroy(): void {
    for (const { span } of this.known.values()) span.buffer.destroy();
  }
}
