/**
 * The sweep's page: quality against KV heads, cache and time, row after row as they are finished.
 * The host owns the result, this page owns the UI state; a change of either draws once, in the next frame.
 */
import { t } from '@vscode/l10n';
import '../shared/language';
import '../shared/palette.css';
import '../shared/base.css';
import './sweep.css';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import type { FigureInfo } from '../../src/protocol/figures';
import type { SweepFormat } from '../../src/protocol/sweep';
import type { SweepHostApi, SweepSnapshot, SweepUi, SweepViewApi } from '../../src/protocol/sweepView';
import { problemBanner, ProgressBar } from '../shared/banners';
import { button, plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import { FigureTools } from '../shared/figureTools';
import { connect, kept } from '../shared/host';
import { onThemeChange } from '../shared/theme';
import { SweepFigures, type SweepView } from './figures';
import { originOf } from './origin';
import { describeText } from './words';

let snapshot: SweepSnapshot | null = null;
let ui: SweepUi | null = null;
let planned = false;

const host = connect<SweepHostApi, SweepViewApi>({
  update: (changed) => accept(changed),
  busy: (busy) => change((shown) => ({ ...shown, busy })),
  figures: (): FigureInfo[] => tools.answers.figures(),
  figureAction: (id, action): void => tools.answers.figureAction(id, action),
});
const { remote } = host;

const figures = new SweepFigures({
  choose(chosen) {
    if (ui === null) return;
    ui = { ...ui, ...chosen };
    void remote.uiChanged(ui);
    save();
    plan();
  },
  open: ({ G, grouping, merge }) => ask(remote.openRow({ G, grouping, merge })),
});
const tools = new FigureTools<SweepView>({
  ...{ figures: figures.figures, host: remote, origin: ({ result }) => originOf(result) },
  failed: (error) => report(toErrorValue(error)),
  changed: () => save(),
  tables: kept(host.saved(), 'tables'),
});
const name = element('h1');
const shape = element('span', { class: 'muted' });
const run = button(t('Resume'), { class: 'primary', 'data-testid': 'sweep-run' }, () => {
  if (snapshot?.busy) void remote.cancel();
  else ask(remote.resume());
});
const progress = new ProgressBar(t('Sweep'));
const banners = element('div', { class: 'banners' });
const status = element('div', { class: 'status', role: 'status', 'data-testid': 'status' });
const page = element(
  'main',
  { class: 'sweep', 'data-testid': 'sweep', hidden: true },
  element(
    'header',
    { class: 'header' },
    element('div', { class: 'identity' }, name, shape),
    element(
      'div',
      { class: 'choices' },
      element(
        'span',
        { class: 'exports' },
        element('span', { class: 'muted' }, t('Save as')),
        ...(['csv', 'json', 'html'] as const).map(resultLink),
      ),
      run,
    ),
    progress.element,
  ),
  status,
  banners,
  figures.element,
);
document.getElementById('root')?.append(page);
onThemeChange(() => plan());
ask(remote.ready().then(accept));

/** Takes a snapshot. The UI state comes with the first one; afterwards it is this page's own. */
function accept(changed: SweepSnapshot): void {
  snapshot = changed;
  ui ??= changed.state.ui;
  save();
  plan();
}

function plan(): void {
  if (!planned) requestAnimationFrame(draw);
  planned = true;
}

function draw(): void {
  planned = false;
  if (snapshot === null || ui === null) return;
  const { result, busy, problem } = snapshot;
  const { model, missing, rows } = result;
  page.hidden = false;
  name.textContent = model.name;
  name.title = model.path;
  shape.textContent = `${t('{0} layers × {1} heads', model.L, model.H)}${model.G === model.H ? '' : ` (${model.G} KV)`} · ${model.dtype.toLowerCase()}`;
  run.textContent = busy === null ? t('Resume') : t('Cancel');
  run.secondary = busy !== null;
  run.hidden = busy === null && missing.length === 0;
  run.title = busy === null ? t('Run the {0} rows that are missing', missing.length) : t('Stop; finished rows stay');
  progress.show(busy);
  const failed = rows.filter(({ error }) => error !== null).length;
  status.replaceChildren(
    ...[
      ...describeText(result),
      ...(failed > 0 ? [t('{0} failed: see the table', failed)] : []),
      busy?.message ?? (missing.length > 0 ? t('stopped, {0} rows missing', missing.length) : ''),
    ]
      .filter((text) => text !== '')
      .map((text) => element('span', {}, text)),
  );
  banners.replaceChildren(...(problem === null ? [] : [problemBanner(problem, () => report(null))]));
  tools.render(figures.render(result, ui));
}

function resultLink(format: SweepFormat): HTMLElement {
  const hints: Record<SweepFormat, string> = {
    csv: t('The rows as a table'),
    json: t('Everything, as the command line writes it; sweep --resume goes on from it'),
    html: t('This page as one file that works offline'),
  };
  return plainButton(format.toUpperCase(), { class: 'link', title: hints[format] }, () =>
    ask(remote.saveResult(format)),
  );
}

/** Runs a request whose failure the user must hear of. */
function ask(answer: Promise<unknown>): void {
  answer.catch((error: unknown) => report(toErrorValue(error)));
}

function report(problem: ErrorValue | null): void {
  change((shown) => ({ ...shown, problem }));
}

function change(edit: (shown: SweepSnapshot) => SweepSnapshot): void {
  if (snapshot === null) return;
  snapshot = edit(snapshot);
  plan();
}

/** Keeps what is needed to bring this panel back after a window reload. */
function save(): void {
  if (snapshot === null || ui === null) return;
  host.save({ kind: 'sweep', state: { ...snapshot.state, ui }, tables: tools.tables });
}
