/**
 * A sweep whose result is in a file as far as it has come, so that a cancelled one goes on from there.
 * Role: puts reading the texts (prepare.ts), running (run.ts) and the file (file.ts) together.
 */
import type { SweepRequest, SweepResult } from '../../protocol/sweep';
import type { TaskContext } from '../../protocol/tasks';
import { openSweepFile, sweepFormat, type Existing } from './file';
import { prepareSweep } from './prepare';
import { runSweep, type SweepTools } from './run';

/** Where a sweep tells its result. */
export interface SweepOutput {
  /** Written after every row, what to do with what is there, and the language of a page; null writes nothing. */
  out: { file: string; existing: Existing; language?: string } | null;
  /** Told the result as far as it has come, at first and after every row. */
  finished: (result: SweepResult) => void;
}

/** Measures every combination of groups and methods. Throws as `prepareSweep`, `openSweepFile` and `runSweep` do. */
export async function sweepToFile(
  tools: SweepTools,
  request: SweepRequest,
  { out, finished }: SweepOutput,
  task: TaskContext,
): Promise<SweepResult> {
  // A wrong ending must not come to light after hours.
  if (out) sweepFormat(out.file);
  task.report('Reading the text', null);
  const prepared = await prepareSweep(tools.model, request);
  const file = out && (await openSweepFile(out.file, prepared.result.identity, out.existing, out.language));
  const tell = async (result: SweepResult): Promise<void> => {
    await file?.write(result);
    finished(result);
  };
  return runSweep(tools, prepared, file?.rows ?? [], tell, task);
}
