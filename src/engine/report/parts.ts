/**
 * The large parts of a report: maps for drawing and exact weights, layer by layer, as far as a budget of bytes goes.
 * Role: what is recorded in which order, and what is left out. The file around it is html.ts.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ExplorerSnapshot } from '../../protocol/explorerView';
import type { AttentionRequest, MapValues } from '../../protocol/maps';
import type { LayerView } from '../../protocol/model';
import { packValue } from '../../protocol/packedValues';
import {
  partName,
  type LeftOut,
  type RecordedMaps,
  type RecordedWeights,
  type ReportPartKind,
  type ReportPartPlace,
  type ReportRequest,
} from '../../protocol/report';
import type { RunSummary } from '../../protocol/runs';
import type { TaskContext } from '../../protocol/tasks';
import type { EngineCore } from '../core';
import { reportRuns } from './runs';

const compress = promisify(gzip);

/** A part as it stands in the file. */
export interface ReportPart {
  name: string;
  /** gzip in base64. */
  text: string;
}

/** A value as a part. */
export async function makePart(name: string, value: unknown): Promise<ReportPart> {
  const bytes = await compress(packValue(value), { level: 9 });
  return { name, text: bytes.toString('base64') };
}

/** Bytes of a part in the file. */
export function partBytes({ name, text }: ReportPart): number {
  return name.length + text.length + partOverhead;
}

/** Tags around a part. */
const partOverhead = 64;

/** Which parts there are, and which are missing. */
export interface Parts {
  parts: ReportPart[];
  leftOut: LeftOut[];
}

/** A layer of a run. */
interface Place extends ReportPartPlace {
  runId: string;
  /** Queries and keys, and the more of them. */
  S: number;
  T: number;
  longer: number;
}

/** Cells a side that maps may be pooled to, the finest first. */
const sizes = [Infinity, 1024, 512, 256, 128, 64];

/** Bytes in the file that a cell, and an exact weight, take at least: what cannot fit is not computed. */
const least = { cell: 0.4, weight: 2.5 };

/**
 * Records maps, then exact weights, then scores, as long as they fit; maps as fine as lets all of them fit. The layer that
 * is shown comes first, then its neighbours: whoever opens the report sees what was on the screen when it was made.
 * @param budget bytes of the file that are left for them
 */
export async function recordParts(
  core: EngineCore,
  { explorer, comparison }: Pick<ReportRequest, 'explorer' | 'comparison'>,
  budget: number,
  task: TaskContext,
): Promise<Parts> {
  const places = orderPlaces(explorer, comparison);
  const quiet = { signal: task.signal, report: () => undefined };
  const record = new Recording(explorer, places, budget, task);
  const tiles = (values: MapValues, size: number) => (place: Place) =>
    readTiles(core, explorer, place, { values, ...(size < place.longer ? { size } : {}) }, quiet);
  const finest = sizes.filter((size, index) => index === 0 || size < Math.max(...places.map(({ longer }) => longer)));
  let size = Infinity;
  let withoutMaps: readonly Place[] = [];
  for (size of finest) {
    const start = record.mark();
    withoutMaps = await record.all('maps', [0, 0.5], cellBytes(explorer, size), tiles('probabilities', size));
    // The last size keeps what fits.
    if (withoutMaps.length === 0 || size === finest.at(-1)) break;
    record.backTo(start);
  }
  const exact = async ({ runId, layer, S, T }: Place): Promise<RecordedWeights> => {
    return { S, T, weights: await core.maps(runId, layer, quiet) };
  };
  const weightBytes = ({ S, T }: Place): number => explorer.model.H * S * T * least.weight;
  const withoutWeights = await record.all('weights', [0.5, 0.8], weightBytes, exact);
  const withoutScores = await record.all('scores', [0.8, 1], cellBytes(explorer, size), tiles('scores', size));
  const leftOut: LeftOut[] = [
    ...(size === Infinity ? [] : [{ kind: 'pooled' as const, size }]),
    ...missing(withoutMaps, 'maps'),
    ...missing(withoutWeights, 'weights'),
    ...missing(withoutScores, 'scores'),
  ];
  return { parts: record.parts, leftOut };
}

/** Parts as they are recorded, and the room that is left. */
class Recording {
  readonly parts: ReportPart[] = [];

  constructor(
    private readonly explorer: ExplorerSnapshot,
    private readonly places: readonly Place[],
    private left: number,
    private readonly task: TaskContext,
  ) {}

  mark(): number {
    return this.parts.length;
  }

  /** Takes the parts after a mark out again. */
  backTo(mark: number): void {
    for (const part of this.parts.splice(mark)) this.left += partBytes(part);
  }

  /**
   * Records one kind of all places in their order, until one has no room.
   * @param atLeast bytes that the part of a place takes at least
   * @returns the places that have no room
   */
  async all(
    kind: ReportPartKind,
    [from, to]: readonly [number, number],
    atLeast: (place: Place) => number,
    read: (place: Place) => Promise<unknown>,
  ): Promise<readonly Place[]> {
    for (const [index, place] of this.places.entries()) {
      const rest = this.places.slice(index);
      this.task.signal.throwIfAborted();
      const title = `${words[kind]} of ${this.explorer.model.layers[place.layer]?.title ?? ''}`;
      this.task.report(title, from + ((to - from) * index) / this.places.length);
      if (atLeast(place) > this.left) return rest;
      const part = await makePart(partName(kind, place.side, place.layer), await read(place));
      if (partBytes(part) > this.left) return rest;
      this.left -= partBytes(part);
      this.parts.push(part);
    }
    return [];
  }
}

/** Bytes that the tiles of a layer take at least: a map a head and a mean a group, half of each where they are causal. */
function cellBytes({ model, grouping }: ExplorerSnapshot, size: number): (place: Place) => number {
  return ({ layer, S, T }) => {
    const maps = model.H + new Set(grouping.groupOfHead[layer]).size;
    const visible = model.layers[layer]?.attention === 'causal' ? 0.5 : 1;
    return maps * Math.min(S, size) * Math.min(T, size) * visible * least.cell;
  };
}

const words: Record<ReportPartKind, string> = { maps: 'Maps', weights: 'Exact weights', scores: 'Scores' };

/** Every layer of every run whose maps are shown, those near the layers that are shown first. */
function orderPlaces(explorer: ExplorerSnapshot, comparison: ReportRequest['comparison']): Place[] {
  const { model, state } = explorer;
  const shown = [state.ui.layer, ...(comparison === null ? [] : [comparison.ui.layer])];
  const far = (layer: number): number => Math.min(...shown.map((own) => Math.abs(layer - own)));
  const near = model.layers.map((_, layer) => layer).sort((a, b) => far(a) - far(b) || a - b);
  const runs = reportRuns({ explorer, comparison }).filter(({ hasMaps }) => hasMaps);
  return near.flatMap((layer) =>
    runs.map(({ side, run }) => ({ side, runId: run.runId, layer, ...sizesOf(run, model.layers[layer]) })),
  );
}

function sizesOf(
  { tokens, encoderTokens }: RunSummary,
  layer: LayerView | undefined,
): Pick<Place, 'S' | 'T' | 'longer'> {
  const decoder = tokens.length;
  const encoder = encoderTokens?.length ?? decoder;
  const S = layer?.stack === 'encoder' ? encoder : decoder;
  const T = layer === undefined || layer.attention === 'causal' ? decoder : encoder;
  return { S, T, longer: Math.max(S, T) };
}

/** The tiles that the explorer shows: one a group. */
async function readTiles(
  core: EngineCore,
  { grouping }: ExplorerSnapshot,
  { runId, layer }: Place,
  asked: Pick<AttentionRequest, 'values' | 'size'>,
  task: TaskContext,
): Promise<RecordedMaps> {
  const groupOfHead = grouping.groupOfHead[layer] ?? [];
  const tiles: RecordedMaps = [];
  for (const group of [...new Set(groupOfHead)].sort((a, b) => a - b)) {
    const heads = groupOfHead.flatMap((own, head) => (own === group ? [head] : []));
    tiles.push(await core.attention({ runId, layer, heads, ...asked }, task));
  }
  return tiles;
}

/** What has no room. */
function missing(places: readonly Place[], part: ReportPartKind): LeftOut[] {
  return places.length === 0
    ? []
    : [{ kind: 'parts', part, places: places.map(({ side, layer }) => ({ side, layer })) }];
}
