/** What the figures of a sweep are of, for their files. Pure. */
import type { SweepResult } from '../../src/protocol/sweep';
import type { FigureOrigin } from '../shared/figure';
import { dtypeWords, shapeWords } from '../shared/origin';
import { describeText } from './words';

export function originOf(result: SweepResult): FigureOrigin {
  const { model, rows } = result;
  const adapter = rows.find((row) => row.adapter !== '')?.adapter ?? null;
  return {
    model: model.name,
    shape: shapeWords(model),
    text: describeText({ ...result, rows: [] }).join(', '),
    layer: null,
    conversion: null,
    adapter,
    dtype: dtypeWords(model, null),
  };
}
