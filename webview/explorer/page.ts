/**
 * The explorer page: wires the host, the state and the figures together.
 * The host owns the snapshot, this page owns the UI state; a change of either draws once, in the next frame.
 */
import { t } from '@vscode/l10n';
import '../shared/palette.css';
import '../shared/base.css';
import './explorer.css';
import type { ErrorValue } from '../../src/protocol/errors';
import { toErrorValue } from '../../src/protocol/errors';
import type { ExplorerHostApi, ExplorerSnapshot, ExplorerUi, ExplorerViewApi } from '../../src/protocol/explorerView';
import { button } from '../shared/controls';
import { element } from '../shared/dom';
import type { Figure } from '../shared/figure';
import { Followers } from '../shared/followers';
import { FigureTools } from '../shared/figureTools';
import { Header, type MakeHeader } from '../shared/header';
import { kept, type Host } from '../shared/host';
import type { Remotely } from '../shared/remotely';
import { Readout } from '../shared/readout';
import { onThemeChange } from '../shared/theme';
import { watchSight } from '../shared/watchSight';
import { Assignment } from './assignment/assignment';
import { createData } from './data';
import { Divergence } from './divergence';
import { Maps } from './maps/maps';
import { Overview } from './overview/overview';
import { PairCard } from './similarity/pairCard';
import { Similarity } from './similarity/similarity';
import { StatusLine } from './statusLine';
import { Text } from './text/text';
import { originOf } from './origin';
import { fitUi, NO_HOVER, type Actions, type ExplorerView } from './view';

/**
 * Makes the page.
 * @param openHost connects to whoever answers: the editor, or a report's records
 * @param makeHeader what stands at the top: controls, or in a report, which has one for all of its pages, nothing
 * @returns the page's elements, to be put into the document
 */
export function createExplorerPage(
  openHost: (ours: ExplorerViewApi) => Host<Remotely<ExplorerHostApi>>,
  makeHeader: MakeHeader = (events, extra) => new Header(events, extra),
): HTMLElement[] {
  let view: ExplorerView | null = null;
  let renderPlanned = false;
  let emphasisPlanned = false;
  const drawnRuns = new Set<string>();

  const host = openHost({
    update: (snapshot) => accept(snapshot),
    busy: (busy) => {
      if (view === null) return;
      view = { ...view, snapshot: { ...view.snapshot, busy } };
      plan('render');
    },
    comparing: (comparing) => {
      if (view === null) return;
      view = { ...view, comparing };
      plan('emphasise');
    },
    focus: (layer, group, head) =>
      actions.choose({
        ...(layer === null ? {} : { layer }),
        ...(group === null ? {} : { group }),
        ...(head === null ? {} : { head }),
      }),
    figures: () => tools.answers.figures(),
    figureAction: (id, action) => tools.answers.figureAction(id, action),
  });
  const { remote } = host;

  const actions: Actions = {
    choose(change: Partial<ExplorerUi>) {
      if (view === null) return;
      view = { ...view, ui: fitUi({ ...view.ui, ...change }, view.snapshot) };
      void remote.uiChanged(view.ui);
      save();
      plan('render');
    },
    hover(change) {
      if (view === null) return;
      view = { ...view, hover: { ...view.hover, ...change } };
      plan('emphasise');
    },
    convert: host.readOnly
      ? null
      : async (conversion) => {
          try {
            await remote.setConversion(conversion);
          } catch (error) {
            report(toErrorValue(error));
          }
        },
  };

  const data = createData(
    remote,
    () => plan('render'),
    // Tables hold numbers of what is pointed at, and are drawn with all else.
    () => plan(tools.tables.length > 0 ? 'render' : 'emphasise'),
  );
  const readout = new Readout();
  const compareButton = button(
    t('Compare MHA and GQA'),
    { 'data-testid': 'compare', title: t('Original and converted side by side') },
    () => ask(remote.openDiff()),
  );
  const header = makeHeader(
    {
      run: ({ text, decoderText }) => ask(remote.run(text, decoderText)),
      cancel: () => ask(remote.cancel()),
      edited: () => save(),
      convert: (conversion) => ask(remote.setConversion(conversion)),
      chooseCalibration: () => ask(remote.chooseCalibration()),
      exportConversion: () => ask(remote.exportConversion()),
      saveReport: () => ask(remote.saveReport()),
      diagnose: () => ask(remote.showDiagnostics()),
      dismissProblem: () => report(null),
    },
    compareButton,
  );
  const status = new StatusLine();
  const assignment = new Assignment(actions, data, {
    load: () => ask(remote.loadGrouping()),
    save: () => ask(remote.saveGrouping()),
  });
  assignment.editor.history.restore(kept(host.saved(), 'history'));
  const maps = new Maps(actions, data, readout, (runId) => {
    if (drawnRuns.has(runId)) return;
    drawnRuns.add(runId);
    requestAnimationFrame(() => void remote.drawn(runId));
  });
  const similarity = new Similarity(actions, data);
  const pair = new PairCard(
    actions,
    data,
    readout,
    () => bringIntoSight(pair.element, 'nearest'),
    () => similarity.focusMatrix(),
  );
  const figures: Figure<ExplorerView>[] = [
    new Overview(actions, data, () => bringIntoSight(maps.element)),
    assignment,
    similarity,
    pair,
    new Text(actions, data),
    new Divergence(actions, () => ask(remote.openDiff())),
    maps,
  ];
  const followers = new Followers<ExplorerView, Figure<ExplorerView>>(figures, watchSight);
  const tools = new FigureTools<ExplorerView>({
    ...{ figures, host: remote, origin: originOf },
    failed: (error) => report(toErrorValue(error)),
    changed: () => save(),
    focus: (on) => actions.choose('group' in on ? { group: on.group, head: null } : on),
    tables: kept(host.saved(), 'tables'),
  });
  const page = element(
    'main',
    { class: 'explorer', 'data-testid': 'explorer', hidden: true },
    header.element,
    status.element,
    header.banners,
    element('div', { class: 'figures' }, ...figures.map((figure) => figure.element)),
  );
  onThemeChange(() => plan('render'));
  ask(remote.ready().then(accept));
  return [page, readout.element];

  /** Takes a snapshot. The UI state comes with the first one and with another model; afterwards it is this page's own. */
  function accept(snapshot: ExplorerSnapshot): void {
    const known = view?.snapshot.model.modelId === snapshot.model.modelId ? view : null;
    header.take(known?.snapshot.state ?? null, snapshot.state);
    view = {
      snapshot,
      ui: fitUi(known?.ui ?? snapshot.state.ui, snapshot),
      hover: known?.hover ?? NO_HOVER,
      comparing: known?.comparing ?? null,
    };
    assignment.editor.show(view);
    save();
    plan('render');
  }

  function plan(what: 'render' | 'emphasise'): void {
    if (!renderPlanned && !emphasisPlanned) requestAnimationFrame(draw);
    if (what === 'render') renderPlanned = true;
    else emphasisPlanned = true;
  }

  function draw(): void {
    const render = renderPlanned;
    renderPlanned = emphasisPlanned = false;
    if (view === null) return;
    const shown = view;
    if (render) {
      const { snapshot } = shown;
      page.hidden = false;
      page.classList.toggle('busy', snapshot.busy !== null);
      const { state } = snapshot;
      header.show({ ...snapshot, conversion: state.conversion });
      compareButton.disabled = state.conversion.G === snapshot.model.G;
      status.render(snapshot);
    }
    if (!render) {
      followers.follow(shown);
      return;
    }
    followers.render(shown);
    tools.render(shown);
  }

  /** Runs a request whose failure the user must hear of. */
  function ask(answer: Promise<unknown>): void {
    answer.catch((error: unknown) => report(toErrorValue(error)));
  }

  function report(problem: ErrorValue | null): void {
    if (view === null) return;
    view = { ...view, snapshot: { ...view.snapshot, problem } };
    plan('render');
  }

  /** Keeps what is needed to bring this panel back after a window reload. */
  function save(): void {
    if (view === null) return;
    const state = { ...view.snapshot.state, ...header.texts, ui: view.ui };
    host.save({ kind: 'explorer', state, history: assignment.editor.history.store(), tables: tools.tables });
  }
}

/** Scrolls to a figure, without a ride for who does not want one. */
function bringIntoSight(figure: HTMLElement, block: ScrollLogicalPosition = 'start'): void {
  const rides = !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  figure.scrollIntoView({ behavior: rides ? 'smooth' : 'auto', block });
}
