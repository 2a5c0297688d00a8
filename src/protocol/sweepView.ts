/**
 * The contract between the extension host and the sweep: its state, its snapshots, and the calls both ways.
 * Types only; what all pages share is views.ts.
 */
import type { ErrorValue } from './errors';
import type { FigureHostApi, FigureViewApi } from './figures';
import type { SweepFormat, SweepMethod, SweepResult } from './sweep';
import type { Busy } from './views';

/** What lies on the axes of the sweep's plot. */
export type SweepX = 'heads' | 'cache' | 'time';

export type SweepY = 'loss' | 'kl' | 'top1' | 'time';

/** What the user chose in a sweep. */
export interface SweepUi {
  x: SweepX;
  y: SweepY;
  /** Column that the table is sorted by; "" leaves the order of the methods. */
  sortBy: string;
  sortDescending: boolean;
}

export interface SweepState {
  modelPath: string;
  /** File of the result in the extension's storage. */
  file: string;
  ui: SweepUi;
}

export interface SweepSnapshot {
  state: SweepState;
  result: SweepResult;
  busy: Busy | null;
  problem: ErrorValue | null;
}

/** Host functions that the sweep calls. */
export interface SweepHostApi extends FigureHostApi {
  ready(): Promise<SweepSnapshot>;
  /** Runs the rows that are missing. */
  resume(): Promise<void>;
  cancel(): void;
  /** Shows a row's conversion in the comparison. */
  openRow(method: SweepMethod): Promise<void>;
  /** Asks where, and writes the result there. */
  saveResult(format: SweepFormat): Promise<void>;
  uiChanged(ui: SweepUi): void;
}

/** Webview functions that the host calls. */
export interface SweepViewApi extends FigureViewApi {
  update(snapshot: SweepSnapshot): void;
  busy(busy: Busy | null): void;
}
