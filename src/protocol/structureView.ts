/**
 * The contract between the extension host and the structure editor: its state, its snapshots, and the calls both ways.
 * Types only; what all pages share is views.ts.
 */
import type { ErrorValue } from './errors';
import type { FigureHostApi, FigureViewApi } from './figures';
import type { CheckpointStructure, TensorStatistics } from './structure';
import type { Busy } from './views';

export type StructureColumn = 'name' | 'dtype' | 'shape' | 'bytes' | 'role';

/** What the user chose in the structure editor; kept by the page itself. */
export interface StructureUi {
  filter: string;
  /** Element type that alone is listed; "" lists all. */
  dtype: string;
  sortBy: StructureColumn;
  sortDescending: boolean;
  /** Tensors of a layer under a heading that folds. */
  grouped: boolean;
  /** Whether headings are folded, and those that are otherwise: either may be thousands. */
  folded: boolean;
  foldedOtherwise: string[];
  /** Tensor whose details are shown; "" shows none. */
  selected: string;
  /** Pixels that the table is scrolled. */
  scrollTop: number;
}

export interface StructureSnapshot {
  path: string;
  /** null before it was read, and when it never could be. */
  structure: CheckpointStructure | null;
  /** Changes when the file is read again: then statistics are of another content. */
  version: number;
  isReading: boolean;
  /** Why it could not be read. */
  problem: ErrorValue | null;
}

/** Host functions that the structure editor calls. */
export interface StructureHostApi extends FigureHostApi {
  ready(): Promise<StructureSnapshot>;
  /** Reads the file again. */
  reload(): Promise<void>;
  /** Opens the checkpoint in the explorer panel. */
  analyse(): Promise<void>;
  /** Remembered until the file changes. Asking for another tensor cancels this one. */
  statistics(tensor: string): Promise<TensorStatistics>;
  cancelStatistics(): void;
}

/** Webview functions that the host calls. */
export interface StructureViewApi extends FigureViewApi {
  update(snapshot: StructureSnapshot): void;
  /** How far the statistics of a tensor are. */
  progress(busy: Busy): void;
}
