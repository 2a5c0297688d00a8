/** The runs that a report is of, each once, with the name that it has in the file. Pure. */
import type { ReportRequest, ReportSide } from '../../protocol/report';
import type { RunSummary } from '../../protocol/runs';
import { comparable, type Comparable, type SideView, type SideId } from '../../protocol/sides';

export interface ReportRun {
  side: ReportSide;
  run: RunSummary;
  /** Whether any page shows its maps: not where the heads of the compared models do not correspond. */
  hasMaps: boolean;
}

type Shown = Pick<ReportRequest, 'comparison'> & {
  explorer: Pick<ReportRequest['explorer'], 'original' | 'converted'>;
};

/** The explorer's runs first, then what only the comparison shows. */
export function reportRuns({ explorer: { original, converted }, comparison }: Shown): ReportRun[] {
  const runs: ReportRun[] = [];
  const add = (side: ReportSide, run: RunSummary | null, hasMaps: boolean): void => {
    if (run !== null && !runs.some((own) => own.run.runId === run.runId)) runs.push({ side, run, hasMaps });
  };
  add('original', original, true);
  add('converted', converted, true);
  if (comparison === null) return runs;
  const { heads } = comparedParts(comparison.sides);
  for (const side of ['a', 'b'] as const) add(side, comparison.compare[side], heads);
  return runs;
}

/** What run ids are called in the file. @returns a function that throws on a run that the report is not of */
export function runNames(shown: Shown): (run: Pick<RunSummary, 'runId'>) => ReportSide {
  const runs = reportRuns(shown);
  return ({ runId }) => {
    const found = runs.find(({ run }) => run.runId === runId);
    if (found === undefined) throw new Error(`A report is not of the run ${runId}.`);
    return found.side;
  };
}

/** What of the two sides corresponds; nothing while a side is not open. */
export function comparedParts({ a, b }: Record<SideId, Pick<SideView, 'model'>>): Comparable {
  return a.model === null || b.model === null ? { heads: false, streams: false } : comparable(a.model, b.model);
}
