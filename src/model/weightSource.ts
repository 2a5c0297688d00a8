/**
 * WeightSource: where the forward pass gets its weights. Role: the contract; a checkpoint's is weights.ts, conversions wrap another.
 */
import type { Role } from './roles';
import type { ModelSpec } from './spec';

/** A weight in memory: row-major [rows, columns]; vectors have columns 1. */
export interface Weight {
  data: Float32Array;
  rows: number;
  columns: number;
}

/**
 * Where the forward pass gets its weights: a checkpoint as it is, or a conversion that wraps another source.
 * Roles that the spec does not list are absent: `has` says false and reading them throws.
 */
export interface WeightSource {
  readonly spec: ModelSpec;
  /**
   * The source whose weight this role really is, where a conversion passes it through: caches are shared by it.
   * Absent: the source itself.
   */
  owner?(role: Role, layer: number | null): WeightSource;
  has(role: Role, layer: number | null): boolean;
  /** Reads a whole weight as float32, [out, in]. `layer` is null for global roles. */
  read(role: Role, layer: number | null, signal?: AbortSignal): Promise<Weight>;
  /** Reads rows [start, end) of a weight: embeddings and split output heads never load whole. */
  readRows(role: Role, layer: number | null, start: number, end: number, signal?: AbortSignal): Promise<Weight>;
}
