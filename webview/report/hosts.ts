/**
 * The hosts that a report's pages talk to: recorded answers, and a kind refusal of everything that would change something.
 * Role: the pages' functions, one by one. What is recorded is records.ts.
 */
import { t } from '@vscode/l10n';
import type { DiffHostApi } from '../../src/protocol/diffView';
import { GqaLensError } from '../../src/protocol/errors';
import type { ExplorerHostApi } from '../../src/protocol/explorerView';
import { downloads } from '../shared/download';
import type { Host } from '../shared/host';
import type { Remotely } from '../shared/remotely';
import type { Records } from './records';

/** Shows another page of the report. */
export type ShowPage = (page: 'explorer' | 'comparison') => void;

/** The explorer's host. */
export function explorerHost(records: Records, show: ShowPage): Host<Remotely<ExplorerHostApi>> {
  return host({
    ...downloads,
    ready: () => Promise.resolve(records.content.explorer),
    attention: (request) => records.attention(request),
    attentionRow: (request) => records.attentionRow(request),
    attentionColumn: (request) => records.attentionColumn(request),
    headStatistics: (request) => records.answer('headStatistics', request),
    similarity: (request) => records.answer('similarity', request),
    headDamage: (request) => records.answer('headDamage', request),
    openDiff: () => turnTo(show, 'comparison'),
    run: refuse,
    cancel: nothing,
    setConversion: refuse,
    chooseCalibration: refuse,
    exportConversion: refuse,
    saveReport: refuse,
    loadGrouping: refuse,
    saveGrouping: refuse,
    showDiagnostics: refuse,
    uiChanged: nothing,
    drawn: nothing,
  });
}

/** The comparison's host. */
export function diffHost(records: Records, show: ShowPage): Host<Remotely<DiffHostApi>> {
  const { diff } = records.content;
  return host({
    ...downloads,
    ready: () => (diff === null ? refuse() : Promise.resolve(diff)),
    attention: (request) => records.attention(request),
    attentionRow: (request) => records.attentionRow(request),
    headDivergence: (...asked) => records.answer('headDivergence', ...asked),
    predictions: (request) => records.predictions(request),
    continuations: () => records.continuations(),
    openExplorer: () => turnTo(show, 'explorer'),
    run: refuse,
    cancel: nothing,
    setConversion: refuse,
    setSides: refuse,
    chooseCheckpoint: refuse,
    chooseCalibration: refuse,
    compareAssignments: refuse,
    exportConversion: refuse,
    saveReport: refuse,
    measure: refuse,
    cancelMeasures: nothing,
    showDiagnostics: refuse,
    uiChanged: nothing,
    drawn: nothing,
  });
}

function host<Calls>(remote: Calls): Host<Calls> {
  return { remote, readOnly: true, save: () => undefined, saved: () => null };
}

function refuse(): Promise<never> {
  const next = t('Open the checkpoint in GQA Lens to change it.');
  return Promise.reject(new GqaLensError('not-recorded', t('A report shows what was recorded'), { next }));
}

function turnTo(show: ShowPage, page: Parameters<ShowPage>[0]): Promise<void> {
  show(page);
  return nothing();
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
