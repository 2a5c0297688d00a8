/**
 * The rotary tables that a run's layers turn by, on the GPU: one for each kind of position among the layers.
 * Role: upload on first use, and freeing together. The frequencies are rope.ts, the turning gpu/operations/rotary.ts.
 */
import type { GpuContext } from '../gpu/context';
import { rotaryTable, type RotaryTable } from '../gpu/operations/rotary';
import { frequenciesFor } from './rope';
import { positionOf } from './specFacts';
import type { ModelSpec, PositionSpec } from './spec';

export class RotaryTables {
  private readonly tables = new Map<PositionSpec, RotaryTable>();

  /** For S tokens after `past` others. */
  constructor(
    private readonly context: GpuContext,
    private readonly spec: ModelSpec,
    private readonly past: number,
    private readonly S: number,
  ) {}

  /** The table of a layer; null where it has no rotary embedding. */
  of(layer: number): RotaryTable | null {
    const position = positionOf(this.spec, layer);
    if (position.kind !== 'rotary') return null;
    const known = this.tables.get(position);
    if (known) return known;
    const frequencies = frequenciesFor(position, this.past + this.S);
    const data = rotaryTable(frequencies, this.past, this.S, position.scale);
    const span = this.context.upload(data, 'rotary table');
    const table = { span, planes: frequencies.length, layout: position.layout };
    this.tables.set(position, table);
    return table;
  }

  destroy(): void {
    for (const { span } of this.tables.values()) span.buffer.destroy();
    this.tables.clear();
  }
}
