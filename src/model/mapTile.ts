/**
 * Pictures of attention maps: cells of a window, as small as they are drawn, with what is known of each head's whole map.
 * Role: pooling on the GPU, block by block, and the codes of cells. Exact numbers are maps.ts.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import { LOWEST_SCORE } from '../gpu/operations/attention';
import {
  averageMaps,
  encodeWeights,
  poolMaps,
  subtractMaps,
  touchedCells,
  type CellGrid,
  type MapBlock,
} from '../gpu/operations/maps';
import type { AttentionRequest, AttentionTile, MapCells, MapWindow } from '../protocol/maps';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { eachBlock, type MapMaker } from './mapBlocks';
import { StatisticsSum } from './mapStatistics';
import { layerOf } from './specFacts';

/** Cells that are gathered from blocks. */
interface Gathered {
  /** One map, the mean over the heads, or one a head. */
  of: 'mean' | 'members';
  grid: CellGrid;
  maps: number;
  isDifference: boolean;
  /** Weights are coded on the GPU; other numbers when the range of all of them is known. */
  cells: Uint8Array | Float32Array;
  /** Cell rows that have something of a block. */
  begun: number;
}

/**
 * Maps for drawing (protocol/maps.ts, AttentionTile). A window must lie in the map.
 * @param other members are differences from this run, on the same tokens and with the same heads; with `deviations` too,
 *   how each head minus the mean differs from that of the other run
 */
export async function readTile(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  request: AttentionRequest,
  task: TaskContext,
  other: KeptRun | null = null,
): Promise<AttentionTile> {
  const { layer, heads, values = 'probabilities', deviations = false, withoutFirst = false } = request;
  const [S, T] = [run.rowsOf(layer), run.keysOf(layer)];
  const { window = { q0: 0, q1: S, k0: 0, k1: T } } = request;
  const { attention } = layerOf(run.source.spec, layer);
  const isWhole = window.q1 - window.q0 === S && window.k1 - window.k0 === T;
  const gather = (of: Gathered['of'], size: number | undefined): Gathered => {
    const grid = gridOf(window, withoutFirst, size);
    const maps = of === 'mean' ? 1 : heads.length;
    const isDifference = of === 'members' && (deviations || other !== null);
    const count = maps * grid.rows * grid.columns;
    const isCoded = values === 'probabilities' && !isDifference;
    const cells = isCoded ? new Uint8Array(count) : new Float32Array(count).fill(LOWEST_SCORE);
    return { of, grid, maps, isDifference, cells, begun: 0 };
  };
  const mean = gather('mean', request.size);
  const members = request.meanOnly ? null : gather('members', request.memberSize ?? request.size);
  const sums = new StatisticsSum(heads, S);
  const parts = members ? [mean, members] : [mean];
  const rows = [window.q0, window.q1] as const;
  const runs = other === null ? [run] : [run, other];
  await eachBlock(context, weights, runs, layer, heads, rows, task.signal, async ([maker, from], block) => {
    if (!maker) return;
    const buffers: { free(): void }[] = [];
    const storage = (count: number, label: string): Span => {
      const span = context.storage(count, label);
      buffers.push({ free: () => span.buffer.destroy() });
      return span;
    };
    try {
      const batch = context.batch();
      const average = batch.temporary(block.rows * T, 'mean map');
      const row0 = block.row0 - window.q0;
      maker.compute(batch, block, values);
      from?.compute(batch, block, values);
      averageMaps(batch, maker.map, average, block);
      const difference = memberDifference(batch, maker, from ?? null, average, deviations, block);
      const results = parts.map((part) => {
        const count = part.maps * touchedCells(part.grid, row0, block.rows).count * part.grid.columns;
        const cells = storage(count, 'cells');
        const own = part.of === 'mean' ? average : maker.map;
        const { maps, minus } = part.isDifference ? difference : { maps: own };
        poolMaps(context, batch, maps, cells, { ...block, heads: part.maps }, row0, part.grid, minus);
        if (!(part.cells instanceof Uint8Array)) return cells;
        const codes = storage(Math.ceil(count / 4), 'cell codes');
        encodeWeights(batch, cells, codes, count);
        return codes;
      });
      if (isWhole && values === 'scores') maker.compute(batch, block, 'probabilities');
      const measured = isWhole ? sums.measure(context, batch, maker.map, block) : null;
      if (measured) buffers.push(measured);
      batch.submit();
      for (const [place, part] of parts.entries()) {
        const result = results[place];
        if (!result) continue;
        const bytes = await context.read(result);
        const found = part.cells instanceof Uint8Array ? new Uint8Array(bytes) : new Float32Array(bytes);
        merge(part, found, row0, block.rows);
      }
      await measured?.read();
    } finally {
      for (const buffer of buffers) buffer.free();
    }
  });
  return {
    ...{ layer, heads: [...heads], S, T, causal: attention === 'causal', window },
    mean: codedCells(mean),
    members: members && codedCells(members),
    statistics: isWhole ? sums.result(attention === 'cross') : [],
  };
}

/** Maps, and what is taken from each of them before they are pooled. */
interface Difference {
  maps: Span;
  minus?: { maps: Span; isOne: boolean };
}

/** What members that are differences are taken from. Of both kinds at once the maps of the other run are overwritten. */
function memberDifference(
  batch: Batch,
  maker: MapMaker,
  from: MapMaker | null,
  average: Span,
  deviations: boolean,
  block: MapBlock,
): Difference {
  if (from === null) return { maps: maker.map, minus: { maps: average, isOne: true } };
  if (!deviations) return { maps: maker.map, minus: { maps: from.map, isOne: false } };
  // The change of a head minus the mean is the head's change minus the mean change.
  const change = batch.temporary(block.rows * block.T, 'mean change');
  subtractMaps(batch, maker.map, from.map, block);
  averageMaps(batch, from.map, change, block);
  return { maps: from.map, minus: { maps: change, isOne: true } };
}

function gridOf(window: MapWindow, withoutFirst: boolean, size = Infinity): CellGrid {
  const queries = window.q1 - window.q0;
  const keys = window.k1 - window.k0;
  return { queries, keys, key0: window.k0, rows: Math.min(queries, size), columns: Math.min(keys, size), withoutFirst };
}

/** Puts a block's cells to those of blocks before: the first cell row may have begun in one, the others are this block's own. */
function merge(part: Gathered, found: Uint8Array | Float32Array, row0: number, rows: number): void {
  const { grid, maps, cells } = part;
  const { first, count } = touchedCells(grid, row0, rows);
  const size = count * grid.columns;
  const shared = first < part.begun ? grid.columns : 0;
  for (let map = 0; map < maps; map++) {
    const to = (map * grid.rows + first) * grid.columns;
    for (let cell = 0; cell < shared; cell++) {
      const value = found[map * size + cell] ?? 0;
      if (isStronger(part, value, cells[to + cell] ?? 0)) cells[to + cell] = value;
    }
    cells.set(found.subarray(map * size + shared, (map + 1) * size), to + shared);
  }
  part.begun = first + count;
}

function isStronger({ isDifference }: Gathered, value: number, known: number): boolean {
  if (value <= LOWEST_SCORE) return false;
  return isDifference && known > LOWEST_SCORE ? Math.abs(value) > Math.abs(known) : value > known;
}

/** Cells with their codes. */
function codedCells({ grid: { rows, columns }, isDifference, cells }: Gathered): MapCells {
  if (cells instanceof Uint8Array) return { rows, columns, codes: cells, coding: { kind: 'weights' } };
  let [low, high, largest] = [Infinity, -Infinity, 0];
  for (const value of cells) {
    if (value <= LOWEST_SCORE) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    largest = Math.max(largest, Math.abs(value));
  }
  if (low > high) [low, high] = [0, 0];
  const codeOf = (value: number): number =>
    isDifference
      ? 128 + Math.sign(value) * Math.round(127 * Math.sqrt(Math.abs(value) / (largest || 1)))
      : 1 + Math.round((254 * (value - low)) / (high - low || 1));
  const codes = Uint8Array.from(cells, (value) => (value <= LOWEST_SCORE ? 0 : codeOf(value)));
  return {
    rows,
    columns,
    codes,
    coding: isDifference ? { kind: 'differences', largest } : { kind: 'scores', low, high },
  };
}
