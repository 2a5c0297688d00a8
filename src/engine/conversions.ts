/**
 * Conversions of opened checkpoints, made once and remembered: groupings, calibration texts, converted weights.
 * Role: from a request to a grouping and a weight source. What groupings and merges do is src/gqa.
 */
import { basename } from 'node:path';
import { conversionNotes } from '../gqa/conversionNotes';
import { convert } from '../gqa/convert';
import { groupings, groupingView, identityGrouping, isIdentity, makeGrouping, type Grouping } from '../gqa/grouping';
import { merges } from '../gqa/merge';
import { findMethod } from '../gqa/registry';
import { calibrate, type Calibration } from '../model/calibration';
import { logitDistance } from '../model/sameFunction';
import type { WeightSource } from '../model/weightSource';
import { tokenCount } from '../model/tokens';
import { usualCalibration, type ConversionRequest, type GroupingView } from '../protocol/conversion';
import { GqaLensError } from '../protocol/errors';
import type { ModelSummary } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import { calibrationWindows } from './calibrationText';
import type { EngineGpu } from './gpu';
import { engineGram } from './gram';
import type { OpenedModel } from './models';

/** Converted weights kept a model; solved ones hold all of attention in memory. */
const keptSources = 4;
/** Tokens on which an alignment is checked, and how far logits may move: float32 rounding of the turned weights. */
const checkedTokens = 16;
const alignmentTolerance = 1e-4;

/** A conversion that is ready to run. */
export interface PreparedConversion {
  source: WeightSource;
  grouping: Grouping;
  /** What it was solved on, in words; null when nothing needed a text. */
  calibration: string | null;
  /** What the merge had to do otherwise than it says. */
  notes: string[];
}

/** What is remembered of one model. */
interface Known {
  groupings: Map<string, Grouping>;
  /** Oldest first. */
  sources: Map<string, PreparedConversion>;
  calibration: { key: string; value: Calibration } | null;
}

export class Conversions {
  private readonly known = new WeakMap<OpenedModel, Known>();

  constructor(private readonly gpu: EngineGpu) {}

  /** The weights under a conversion; the same object again for the same request, so that caches of weights hold. */
  async prepare(model: OpenedModel, request: ConversionRequest | null, task: TaskContext): Promise<PreparedConversion> {
    const { source, spec } = model.runnable;
    if (!request) return { source, grouping: identityGrouping(spec), calibration: null, notes: [] };
    const known = this.of(model);
    const key = sourceKey(request);
    const remembered = known.sources.get(key);
    const prepared = remembered ?? (await this.solve(model, request, task));
    // Used last: the last to be forgotten.
    known.sources.delete(key);
    known.sources.set(key, prepared);
    if (!remembered) await this.forget(known);
    return prepared;
  }

  /**
   * Lets work use the weights under a conversion once: unless they are known already, they are forgotten afterwards, so
   * that many conversions in a row push nobody else's out.
   */
  async useOnce<T>(
    model: OpenedModel,
    request: ConversionRequest,
    task: TaskContext,
    work: (prepared: PreparedConversion) => Promise<T>,
  ): Promise<T> {
    const remembered = this.of(model).sources.get(sourceKey(request));
    if (remembered) return work(remembered);
    const prepared = await this.solve(model, request, task);
    try {
      return await work(prepared);
    } finally {
      if (prepared.source !== model.runnable.source) (await this.gpu.opened())?.weights.drop(prepared.source);
    }
  }

  private async solve(model: OpenedModel, request: ConversionRequest, task: TaskContext): Promise<PreparedConversion> {
    const merge = findMethod(merges, request.merge, 'merge');
    const grouping = await this.assignment(model, request, task);
    const needsText = merge.needsText === true && !isIdentity(grouping);
    const calibration = needsText ? await this.calibration(model, request, task) : null;
    const check = (turned: WeightSource): Promise<void> => this.checkAlignment(model, turned, task);
    const source = await convert(model.runnable.source, grouping, merge, { calibration, check, task });
    const notes = conversionNotes(model.runnable.spec, grouping, merge);
    return { source, grouping, calibration: calibration?.text ?? null, notes };
  }

  /** The grouping of a request; null is the checkpoint as it is. */
  async grouping(model: OpenedModel, request: ConversionRequest | null, task: TaskContext): Promise<GroupingView> {
    // A model that cannot be run can be looked at as it is.
    if (!model.isRunnable) return groupsAsStored(model.summary);
    const { spec } = model.runnable;
    const grouping = request ? await this.assignment(model, request, task) : identityGrouping(spec);
    return groupingView(spec, grouping);
  }

  /** The activations of a request's calibration text in the checkpoint as it is. The last text is kept. */
  async calibration(
    model: OpenedModel,
    { calibration }: Pick<ConversionRequest, 'calibration'>,
    task: TaskContext,
  ): Promise<Calibration> {
    const known = this.of(model);
    const key = JSON.stringify(calibration ?? null);
    if (known.calibration?.key === key) return known.calibration.value;
    const wanted = calibration ?? usualCalibration;
    const windows = await calibrationWindows(model, wanted);
    const { context, weights } = await this.gpu.ready();
    const name = wanted.file === null ? 'the bundled excerpt' : basename(wanted.file);
    const text = `${windows.reduce((sum, window) => sum + tokenCount(window), 0)} tokens of ${name}`;
    const { source } = model.runnable;
    const value = await calibrate(context, weights, source, windows, text, task);
    known.calibration = { key, value };
    return value;
  }

  /** Every converted weight source of a model. */
  sources(model: OpenedModel): WeightSource[] {
    return [...this.of(model).sources.values()].map(({ source }) => source);
  }

  private async assignment(model: OpenedModel, request: ConversionRequest, task: TaskContext): Promise<Grouping> {
    const known = this.of(model).groupings;
    const key = groupingKey(request);
    const remembered = known.get(key);
    if (remembered) return remembered;
    const method = findMethod(groupings, request.grouping, 'grouping');
    const grouping = await makeGrouping(request.grouping, {
      source: model.runnable.source,
      G: request.G,
      assignment: request.assignment ?? null,
      gram: engineGram(this.gpu),
      calibration: method.needsText === true ? await this.calibration(model, request, task) : null,
      task,
    });
    known.set(key, grouping);
    return grouping;
  }

  /**
   * Merges that align heads turn them first, which must not change what the model computes.
   * @throws GqaLensError conversion-invalid when the logits change
   */
  private async checkAlignment(model: OpenedModel, turned: WeightSource, task: TaskContext): Promise<void> {
    const { source, spec } = model.runnable;
    const { context, weights } = await this.gpu.ready();
    task.report('Checking that alignment leaves the logits as they are', null);
    const ids = Array.from(
      { length: Math.min(checkedTokens, spec.maxPositions ?? checkedTokens) },
      (_, s) => s % spec.V,
    );
    try {
      const { decoderStart } = spec;
      const tokens = decoderStart === undefined ? ids : { encoder: ids, decoder: [decoderStart, ...ids] };
      const distance = await logitDistance(context, weights, source, turned, tokens, task);
      if (distance <= alignmentTolerance) return;
      throw new GqaLensError('conversion-invalid', 'Aligning the heads changed what the model computes', {
        file: model.summary.path,
        expected: `logits within a relative ${alignmentTolerance}`,
        found: distance.toExponential(1),
        next: 'Choose a merge that does not align, and please report this checkpoint.',
      });
    } finally {
      weights.drop(turned);
    }
  }

  /** Drops the conversions used longest ago, here and on the GPU. */
  private async forget(known: Known): Promise<void> {
    const gpu = await this.gpu.opened();
    for (const [key, { source }] of known.sources) {
      if (known.sources.size <= keptSources) return;
      known.sources.delete(key);
      gpu?.weights.drop(source);
    }
  }

  private of(model: OpenedModel): Known {
    const known = this.known.get(model) ?? { groupings: new Map(), sources: new Map(), calibration: null };
    this.known.set(model, known);
    return known;
  }
}

/** What a request's converted weights depend on. */
function sourceKey(request: ConversionRequest): string {
  return JSON.stringify([groupingKey(request), request.merge, request.calibration ?? null]);
}

/** What a request's grouping depends on. */
function groupingKey({ G, grouping, assignment, calibration }: ConversionRequest): string {
  return JSON.stringify([G, grouping, assignment ?? null, calibration ?? null]);
}

/** The groups that a summary tells; none where it tells no heads. */
function groupsAsStored({ H, G, layers }: ModelSummary): GroupingView {
  const whole = G > 0 && H % G === 0;
  const upTo = (count: number): number[] => Array.from({ length: whole ? count : 0 }, (_, index) => index);
  return {
    G,
    groupOfKvHead: layers.map(({ grouped }) => upTo(grouped ? G : H)),
    groupOfHead: layers.map(({ grouped }) => upTo(H).map((head) => (grouped ? Math.floor((head * G) / H) : head))),
  };
}
