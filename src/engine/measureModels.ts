/**
 * A measurement by ids: from a request to both models, ready to run.
 * Role: prepares the two and their words. What is measured, and how, is measure.ts.
 */
import type { MeasuredModel, MeasureRequest, TextMeasures } from '../protocol/measures';
import type { TaskContext } from '../protocol/tasks';
import type { Conversions } from './conversions';
import type { EngineGpu } from './gpu';
import { TextMeasurer, type Measurable } from './measure';
import type { ModelRegistry } from './models';
import { modelSizes } from './sizes';

/** What a measurement needs of the engine. */
export interface MeasureTools {
  gpu: EngineGpu;
  models: ModelRegistry;
  conversions: Conversions;
}

/** @throws GqaLensError unknown-id; what conversions and TextMeasurer throw */
export async function measureModels(
  { a, b, ...text }: MeasureRequest,
  tools: MeasureTools,
  task: TaskContext,
): Promise<TextMeasures> {
  const original = await measurable(a, tools, task);
  const other = await measurable(b, tools, task);
  const model = tools.models.get(a.modelId);
  const measurer = new TextMeasurer(await tools.gpu.ready(), original, { ...text, token: (id) => model.token(id) });
  try {
    return await measurer.measure(other, task);
  } finally {
    measurer.destroy();
  }
}

async function measurable(
  { modelId, conversion }: MeasuredModel,
  { models, conversions }: MeasureTools,
  task: TaskContext,
): Promise<Measurable> {
  const model = models.get(modelId);
  const { source } = await conversions.prepare(model, conversion, task);
  return { name: model.summary.name, conversion, source, sizes: modelSizes(model, source) };
}
