/**
 * Statistics of attention maps, gathered from blocks of rows.
 * Role: from the kernel's numbers a row to a mean a head. Pictures of maps are mapTile.ts.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import { measureMaps, type MapBlock } from '../gpu/operations/maps';
import type { AttentionStatistics } from '../protocol/maps';

/** Numbers that the kernel gives of a row: entropy, weight on the first token, distance, largest weight. */
const width = 4;

/** Sums of rows, which come in blocks. */
export class StatisticsSum {
  private readonly sums: { head: number; entropy: number; firstToken: number; distance: number; largest: number }[];

  /** @param S rows of the whole map */
  constructor(
    heads: readonly number[],
    private readonly S: number,
  ) {
    this.sums = heads.map((head) => ({ head, entropy: 0, firstToken: 0, distance: 0, largest: 0 }));
  }

  /** Adds the measuring of a block of maps to a batch; `read` takes its numbers once the batch is submitted. */
  measure(context: GpuContext, batch: Batch, map: Span, block: MapBlock): { read: () => Promise<void>; free(): void } {
    const statistics = context.storage(block.heads * block.rows * width, 'map statistics');
    measureMaps(batch, map, statistics, block);
    return {
      read: async () => this.add(await context.readFloat32(statistics), block.rows),
      free: () => statistics.buffer.destroy(),
    };
  }

  /** @param crosses queries and keys stand in different texts: there is no distance between them */
  result(crosses: boolean): AttentionStatistics[] {
    return this.sums.map((sum) => (crosses ? { ...sum, distance: null } : { ...sum }));
  }

  /** @param values [heads, rows, width] */
  private add(values: Float32Array, rows: number): void {
    this.sums.forEach((sum, head) => {
      for (let row = 0; row < rows; row++) {
        const at = (head * rows + row) * width;
        sum.entropy += (values[at] ?? 0) / this.S;
        sum.firstToken += (values[at + 1] ?? 0) / this.S;
        sum.distance += (values[at + 2] ?? 0) / this.S;
        sum.largest += (values[at + 3] ?? 0) / this.S;
      }
    });
  }
}
