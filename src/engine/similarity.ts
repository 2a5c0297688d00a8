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
import { layerOf } from '../model/spec';
import { GqaLensError } from '../protocol/errors';
import type { HeadDamage, HeadDamageRequest, SimilarityRequest, SimilarityResult } from '../protocol/model';
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
      const run = this.originalRun(model, runId);
      const { context, weights } = await this.gpu.ready();
      const result = await mapSimilarity({ context, weights, run, layer, measure, converted, ...pooling }, task);
      return { ...result, target, text: tokensOf(run.rowsOf(layer)) };
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
    const run = this.originalRun(model, runId);
    const { source: converted } = await this.conversions.prepare(model, conversion, task);
    const { context, weights } = await this.gpu.ready();
    return headDamage({ context, weights, run, converted, layer, gram: this.gram }, task);
  }

  private async inputs(model: OpenedModel, request: SimilarityRequest, task: TaskContext): Promise<Inputs> {
    const { layer, runId, conversion } = request;
    const run = runId === undefined ? null : this.originalRun(model, runId);
    const owner = run ?? (await this.conversions.calibration(model, conversion, task));
    const known = this.moments.find((entry) => entry.owner === owner && entry.layer === layer);
    if (known) return known.inputs;
    const { spec } = model.runnable;
    task.report(`Reading the inputs of ${layerOf(spec, layer).title}`, null);
    const readAll = async (): Promise<LayerInputs & { text: string }> => {
      if (!('S' in owner)) return { ...layerInputs(owner.layer(layer)), text: owner.text };
      const { context, weights } = await this.gpu.ready();
      const inputs = await readInputs(context, weights, owner, layer, task.signal);
      return { ...inputs, text: tokensOf(inputs.N, spec.K) };
    };
    const { text, ...read } = await readAll();
    const inputs = { moments: await inputMoments(read, this.gram, task), text };
    this.moments = [...this.moments.slice(1 - keptMoments), { owner, layer, inputs }];
    return inputs;
  }

  private originalRun(model: OpenedModel, runId: string | undefined): KeptRun {
    if (runId === undefined) {
      throw new GqaLensError('input-invalid', 'Attention maps are those of a run', { next: 'Run a text first.' });
    }
    const { summary, kept } = this.runs.get(runId);
    if (summary.modelId === model.summary.modelId && summary.conversion === null) return kept;
    throw new GqaLensError('input-invalid', 'Heads are compared on a run of the checkpoint as it is', {
      expected: `a run of ${model.summary.name} without a conversion`,
      found: `a run of ${summary.modelName}${summary.conversion === null ? '' : `, ${summary.conversion.G} groups`}`,
    });
  }
}

/** Which inputs a layer had in a run, in words. @param K rows of a head where fewer tokens could not tell two apart */
function tokensOf(count: number, K = 0): string {
  const few = count < 2 * K ? `, too few to tell heads of ${K} rows apart` : '';
  return `${count} token${count === 1 ? '' : 's'} of the text${few}`;
}
