/**
 * Similarity and damage of heads, from requests by id.
 * Role: finds the conversion, the text and the GPU that a request needs. What is compared is gqa/similarity.ts; the moments of
 * a text's inputs are remembered here while somebody looks at a layer.
 */
import type { Gram } from '../gqa/gram';
import { isIdentity } from '../gqa/grouping';
import { headDamage } from '../gqa/headDamage';
import { inputMoments, type InputMoments } from '../gqa/inputMetric';
import { mapSimilarity } from '../gqa/mapSimilarity';
import { merges } from '../gqa/merge';
import { findMethod } from '../gqa/registry';
import { checkLayer, findSimilarity, layerSimilarity } from '../gqa/similarity';
import { layerInputs, readInputs, type LayerInputs } from '../model/calibration';
import type { KeptRun } from '../model/keptRun';
import { layerOf } from '../model/specFacts';
import type { HeadDamage, HeadDamageRequest } from '../protocol/damage';
import { GqaLensError } from '../protocol/errors';
import type { SimilarityRequest, SimilarityResult } from '../protocol/similarity';
import type { TaskContext } from '../protocol/tasks';
import type { Conversions } from './conversions';
import type { EngineGpu } from './gpu';
import { engineGram } from './gram';
import type { OpenedModel } from './models';
import type { RunRegistry } from './runs';

/** Layers whose moments are remembered: D² numbers each. */
const keptMoments = 2;

/** What activations are of. */
interface Inputs {
  moments: InputMoments;
  text: string;
}

export class Similarities {
  private readonly gram: Gram;
  /** By the text (a run or a calibration) and the layer; the last used is last. */
  private moments: { owner: object; layer: number; inputs: Inputs }[] = [];

  constructor(
    private readonly gpu: EngineGpu,
    private readonly conversions: Conversions,
    private readonly runs: RunRegistry,
  ) {
    this.gram = engineGram(gpu);
  }

  /** @throws GqaLensError conversion-invalid, input-invalid; AbortError when cancelled */
  async similarity(model: OpenedModel, request: SimilarityRequest, task: TaskContext): Promise<SimilarityResult> {
    const { source, spec } = model.runnable;
    const { layer, target, on, conversion, runId } = request;
    checkLayer(layer, spec);
    const measure = findSimilarity(request.measure, on);
    const { source: converted, grouping } = await this.conversions.prepare(model, conversion, task);
    const merge = findMethod(merges, conversion.merge, 'merge');
    const needsText = merge.needsText === true && !isIdentity(grouping);
    const calibration = needsText ? await this.conversions.calibration(model, conversion, task) : null;
    const pooling = { grouping, merge, calibration };
    if (measure.kind === 'maps') {
      const { context, weights } = await this.gpu.ready();
      return this.onOriginal(model, runId, async (run) => {
        const result = await mapSimilarity({ context, weights, run, layer, measure, converted, ...pooling }, task);
        return { ...result, target, text: tokensOf(run.rowsOf(layer)) };
      });
    }
    const inputs = on === 'activations' ? await this.inputs(model, request, task) : null;
    const { gram } = this;
    return layerSimilarity({ source, layer, target, measure, converted, inputs, gram, ...pooling }, task);
  }

  /** @throws GqaLensError input-invalid when the run is not of the checkpoint as it is; AbortError when cancelled */
  async damage(
    model: OpenedModel,
    { layer, runId, conversion }: HeadDamageRequest,
    task: TaskContext,
  ): Promise<HeadDamage> {
    checkLayer(layer, model.runnable.spec);
    const { source: converted } = await this.conversions.prepare(model, conversion, task);
    const { context, weights } = await this.gpu.ready();
    return this.onOriginal(model, runId, (run) =>
      headDamage({ context, weights, run, converted, layer, gram: this.gram }, task),
    );
  }

  private async inputs(model: OpenedModel, request: SimilarityRequest, task: TaskContext): Promise<Inputs> {
    const { layer, runId, conversion } = request;
    const { spec } = model.runnable;
    task.report(`Reading the inputs of ${layerOf(spec, layer).title}`, null);
    if (runId === undefined) {
      const calibration = await this.conversions.calibration(model, conversion, task);
      const read = (): Promise<LayerInputs> => Promise.resolve(layerInputs(calibration.layer(layer)));
      return this.remember(calibration, layer, read, () => calibration.text, task);
    }
    const { context, weights } = await this.gpu.ready();
    return this.onOriginal(model, runId, (run) => {
      const read = (): Promise<LayerInputs> => readInputs(context, weights, run, layer, task.signal);
      return this.remember(run, layer, read, ({ N }) => tokensOf(N, spec.K), task);
    });
  }

  /** @param owner what the layer's inputs are of */
  private async remember(
    owner: object,
    layer: number,
    read: () => Promise<LayerInputs>,
    textOf: (inputs: LayerInputs) => string,
    task: TaskContext,
  ): Promise<Inputs> {
    const known = this.moments.find((entry) => entry.owner === owner && entry.layer === layer);
    if (known) return known.inputs;
    const found = await read();
    const inputs = { moments: await inputMoments(found, this.gram, task), text: textOf(found) };
    this.moments = [...this.moments.slice(1 - keptMoments), { owner, layer, inputs }];
    return inputs;
  }

  /** Works on a run of the checkpoint as it is. @throws GqaLensError input-invalid when it is another one */
  private onOriginal<T>(model: OpenedModel, runId: string | undefined, work: (run: KeptRun) => Promise<T>): Promise<T> {
    if (runId === undefined) {
      throw new GqaLensError('input-invalid', 'Attention maps are those of a run', { next: 'Run a text first.' });
    }
    return this.runs.use(runId, ({ summary, kept }) => {
      const { conversion, modelName } = summary;
      if (summary.modelId === model.summary.modelId && conversion === null) return work(kept);
      throw new GqaLensError('input-invalid', 'Heads are compared on a run of the checkpoint as it is', {
        expected: `a run of ${model.summary.name} without a conversion`,
        found: `a run of ${modelName}${conversion === null ? '' : `, ${conversion.G} groups`}`,
      });
    });
  }
}

/** Which inputs a layer had in a run, in words. @param K rows of a head where fewer tokens could not tell two apart */
function tokensOf(count: number, K = 0): string {
  const few = count < 2 * K ? `, too few to tell heads of ${K} rows apart` : '';
  return `${count} token${count === 1 ? '' : 's'} of the text${few}`;
}
