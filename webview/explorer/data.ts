/**
 * What the explorer asks the host for, each answer kept while it may be looked at again.
 */
import type { HeadDamage, HeadDamageRequest } from '../../src/protocol/damage';
import type { ExplorerHostApi } from '../../src/protocol/explorerView';
import type {
  AttentionColumn,
  AttentionColumnRequest,
  AttentionRequest,
  AttentionRow,
  AttentionRowRequest,
  HeadStatistics,
  HeadStatisticsRequest,
} from '../../src/protocol/maps';
import type { SimilarityRequest, SimilarityResult } from '../../src/protocol/similarity';
import type { Remotely } from '../shared/remotely';
import { shrinkMap, type MapShape } from '../shared/attentionCode';
import { LazyCache } from '../shared/lazy';
import { MapTiles } from '../shared/mapTiles';

/** A group's mean map made small for the overview. */
export interface Thumbnail extends MapShape {
  codes: Uint8Array;
}

/** Cells a side of a thumbnail: twice its pixels, enough for sharp screens. */
const THUMBNAIL_SIZE = 96;

export interface ExplorerData {
  maps: MapTiles;
  rows: LazyCache<AttentionRowRequest, AttentionRow>;
  columns: LazyCache<AttentionColumnRequest, AttentionColumn>;
  statistics: LazyCache<HeadStatisticsRequest, HeadStatistics>;
  /** A row that is not kept: files take all of them. */
  attentionRow(request: AttentionRowRequest): Promise<AttentionRow>;
  similarities: LazyCache<SimilarityRequest, SimilarityResult>;
  damages: LazyCache<HeadDamageRequest, HeadDamage>;
  thumbnails: LazyCache<AttentionRequest, Thumbnail>;
}

type Requests = Pick<
  ExplorerHostApi,
  'attention' | 'attentionRow' | 'attentionColumn' | 'headStatistics' | 'similarity' | 'headDamage'
>;

/**
 * @param changed called after an answer has arrived that pictures are drawn from
 * @param told called after exact numbers have come of what is pointed at: no picture is another one
 */
export function createData(host: Remotely<Requests>, changed: () => void, told: () => void): ExplorerData {
  return {
    maps: new MapTiles((request) => host.attention(request), changed, 256),
    rows: new LazyCache((request) => host.attentionRow(request), told, 512),
    columns: new LazyCache((request) => host.attentionColumn(request), told, 64),
    statistics: new LazyCache((request) => host.headStatistics(request), changed, 512),
    attentionRow: (request) => host.attentionRow(request),
    similarities: new LazyCache((request) => host.similarity(request), changed, 512),
    damages: new LazyCache((request) => host.headDamage(request), changed, 128),
    thumbnails: new LazyCache(
      async (request) => {
        const { mean, causal } = await host.attention({ ...request, meanOnly: true, size: THUMBNAIL_SIZE });
        return { ...shrinkMap(mean.codes, mean.rows, mean.columns, THUMBNAIL_SIZE), causal };
      },
      changed,
      2048,
    ),
  };
}
