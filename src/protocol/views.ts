/**
 * What the contracts between the extension host and its webviews have in common (explorerView.ts, diffView.ts, sweepView.ts,
 * structureView.ts). A webview says `ready` and gets a snapshot; every later change arrives as a whole new snapshot, so that
 * reload, move and restore are one path. Webviews keep UI state only.
 */

export type ColorScale = 'linear' | 'sqrt' | 'log';

/** A group's members as they are, or each minus the mean of the group. */
export type MemberMaps = 'own' | 'deviations';

/** The part of maps that is looked at: a square, its upper left corner and its side in shares of the map's sides. */
export interface MapView {
  x: number;
  y: number;
  span: number;
}

/** What a panel is doing, while it is doing it. */
export interface Busy {
  message: string;
  fraction: number | null;
}

/** Why there is no picture, in words for the user; `command` is what they can run in a terminal. */
export interface GpuState {
  available: boolean;
  adapter: string;
  isSoftware: boolean;
  message: string;
  command: string | null;
}
