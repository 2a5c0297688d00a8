// Exports for tests that need no engine.
import {
  exportCheckpoint,
  type CheckpointExport,
  type ExportedFolder,
} from '../../src/checkpoint/export/exportCheckpoint';
import type { Provenance } from '../../src/checkpoint/export/provenance';

/** A story that tells nothing; tests replace what they look at. */
export const provenance: Provenance = {
  source: { name: 'fixture', revision: null, fingerprint: 'sha256:0' },
  grouping: { id: 'contiguous', title: 'Contiguous', description: 'Adjacent heads share.' },
  merge: { id: 'mean', title: 'Mean', description: 'The mean.' },
  calibration: null,
  notes: [],
  groupOfKvHead: [],
  measured: null,
  version: '1.2.3',
  date: new Date(0),
};

/** Exports a conversion whose story does not matter. */
export function exportAs(request: Omit<CheckpointExport, 'provenance'>): Promise<ExportedFolder> {
  return exportCheckpoint({ ...request, provenance });
}
