/**
 * The registry of checkpoint formats. A format is one file that exports a CheckpointFormat, and one line here.
 * Role: which formats there are. Choosing one for a path is openCheckpoint.ts.
 */
import type { Checkpoint } from './checkpoint';
import { gguf } from './gguf/gguf';
import { pytorch } from './pytorch/pytorch';
import { safetensors } from './safetensors';

/** A path that exists: a file, or a folder with the names in it. */
export interface Location {
  /** Absolute. */
  path: string;
  /** Names of the folder's entries; null for a file. */
  names: readonly string[] | null;
}

export interface CheckpointFormat {
  id: string;
  title: string;
  /** Cheap: looks at names only. */
  match(location: Location): boolean;
  /** Reads config and headers, no weights. Throws GqaLensError. */
  open(location: Location, signal?: AbortSignal): Promise<Checkpoint>;
}

/** In the order in which they are asked: of a folder that holds several, the first is read. */
export const formats: readonly CheckpointFormat[] = [safetensors, pytorch, gguf];
