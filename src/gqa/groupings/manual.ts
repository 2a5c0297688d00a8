/**
 * Groups that somebody has chosen, layer by layer: dragged in the panel or read from a file (groupingFile.ts).
 * Role: one entry of the grouping registry.
 */
import { GqaLensError } from '../../protocol/errors';
import type { GroupingMethod } from '../grouping';

export const manual: GroupingMethod = {
  id: 'manual',
  title: 'Manual',
  description: 'Groups chosen by hand or read from a JSON file, layer by layer. They may be of different sizes.',
  source: 'Yours',
  unequal: true,
  needsAssignment: true,
  assign: ({ source, assignment, layer }) => {
    if (assignment === null) {
      throw new GqaLensError('conversion-invalid', 'A manual grouping needs an assignment of every layer', {
        next: 'Drag heads in the assignment figure, or load a grouping file.',
      });
    }
    const groups = assignment[layer];
    if (groups !== undefined && assignment.length === source.spec.L) return groups;
    throw new GqaLensError('conversion-invalid', 'The manual grouping does not belong to this model', {
      expected: `${source.spec.L} layers`,
      found: `${assignment.length} layers`,
    });
  },
};
