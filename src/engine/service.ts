/**
 * The engine as the extension host calls it: EngineCore behind task ids.
 * Role: cancellation and progress by id. What the calls do is core.ts; the process around it is main.ts.
 */
import type { EngineApi, EngineEvents } from '../protocol/engine';
import type { SweepResult } from '../protocol/sweep';
import type { TaskContext, TaskId } from '../protocol/tasks';
import type { EngineCore } from './core';
import { TaskRegistry } from './tasks';

/**
 * Makes the functions that the host may call.
 * @param shutdown ends the process
 */
export function engineService(
  core: EngineCore,
  events: Pick<EngineEvents, 'progress' | 'swept'>,
  shutdown: () => void,
): EngineApi {
  const tasks = new TaskRegistry((progress) => events.progress(progress));
  const run = <T>(task: TaskId, work: (context: TaskContext) => Promise<T>): Promise<T> => tasks.run(task, work);
  return {
    hello: () => ({ node: process.version, pid: process.pid }),
    registries: () => core.registries(),
    diagnostics: () => core.diagnostics(),
    open: (path, task) => run(task, (context) => core.open(path, context)),
    close: (modelId) => core.close(modelId),
    grouping: (modelId, conversion, task) => run(task, (context) => core.grouping(modelId, conversion, context)),
    readGrouping: (modelId, file, task) => run(task, () => core.readGrouping(modelId, file)),
    writeGrouping: (modelId, conversion, file, task) =>
      run(task, (context) => core.writeGrouping(modelId, conversion, file, context)),
    run: (request, task) => run(task, (context) => core.run(request, context)),
    release: (runId) => core.release(runId),
    attention: (request, task) => run(task, (context) => core.attention(request, context)),
    attentionRow: (request, task) => run(task, (context) => core.attentionRow(request, context)),
    attentionColumn: (request, task) => run(task, (context) => core.attentionColumn(request, context)),
    headStatistics: (request, task) => run(task, (context) => core.headStatistics(request, context)),
    similarity: (request, task) => run(task, (context) => core.similarity(request, context)),
    headDamage: (request, task) => run(task, (context) => core.headDamage(request, context)),
    checkTogether: (modelId, otherId, tokens, texts) => core.checkTogether(modelId, otherId, tokens, texts),
    compare: (runA, runB, task) => run(task, (context) => core.compare(runA, runB, context)),
    measure: (request, task) => run(task, (context) => core.measure(request, context)),
    planSweep: (modelId, request, task) => run(task, () => core.planSweep(modelId, request)),
    sweep: (modelId, request, file, task) =>
      run(task, (context) => {
        const finished = (result: SweepResult): void => events.swept(task, result);
        return core.sweep(modelId, request, { file, existing: 'resume' }, finished, context);
      }),
    readSweep: (file) => core.readSweep(file),
    formatSweep: (...asked) => core.formatSweep(...asked),
    headDivergence: (runA, runB, layer, task) =>
      run(task, (context) => core.headDivergence(runA, runB, layer, context)),
    predictions: (runId, position, count, task) =>
      run(task, (context) => core.predictions(runId, position, count, context)),
    continuation: (runId, count, task) => run(task, (context) => core.continuation(runId, count, context)),
    exportConversion: (request, task) => run(task, (context) => core.exportConversion(request, context)),
    exportFormats: (modelId, G) => core.exportFormats(modelId, G),
    report: (request, task) => run(task, (context) => core.report(request, context)),
    structure: (path, task) => run(task, (context) => core.structures.read(path, context)),
    tensorStatistics: (path, tensor, task) => run(task, (context) => core.structures.statistics(path, tensor, context)),
    closeStructure: (path) => core.structures.close(path),
    cancel: (task) => tasks.cancel(task),
    shutdown,
  };
}
