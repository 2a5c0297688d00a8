/**
 * The comparison page: what one side costs against the other, where they part, and both models' maps and words side by side.
 * The host owns the snapshot, this page owns the UI state; a change of either draws once, in the next frame.
 */
import '../shared/palette.css';
import '../shared/base.css';
import './diff.css';
import './measures.css';
import './sides.css';
import './words.css';
import { t } from '@vscode/l10n';
import type { DiffHostApi, DiffSnapshot, DiffViewApi } from '../../src/protocol/diffView';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import { sideIds, type SideId } from '../../src/protocol/sides';
import { button } from '../shared/controls';
import { element } from '../shared/dom';
import type { Figure } from '../shared/figure';
import { FigureTools } from '../shared/figureTools';
import { Followers } from '../shared/followers';
import { Header, type MakeHeader } from '../shared/header';
import { kept, type Host } from '../shared/host';
import type { Remotely } from '../shared/remotely';
import { Readout } from '../shared/readout';
import { onThemeChange } from '../shared/theme';
import { watchSight } from '../shared/watchSight';
import { Absent } from './absent';
import { createDiffData } from './data';
import { DivergenceMap } from './divergenceMap';
import { Drift } from './drift';
import { HeadTable } from './headTable';
import { LargeMaps } from './largeMaps';
import { originOf } from './origin';
import { limitsOf } from './limits';
import { sideName, SidesBar, type SidesEvents } from './sidesBar';
import { Summary } from './summary';
import { comparedParts, fitDiffUi, NO_HOVER, type DiffActions, type DiffView } from './view';
import { Words } from './words';

/**
 * Makes the page.
 * @param openHost connects to whoever answers: the editor, or a report's records
 * @param makeHeader what stands at the top: controls, or in a report, which has one for all of its pages, nothing
 * @returns the page's elements, to be put into the document
 */
export function createDiffPage(
  openHost: (ours: DiffViewApi) => Host<Remotely<DiffHostApi>>,
  makeHeader: MakeHeader = (...parts) => new Header(...parts),
): HTMLElement[] {
  let view: DiffView | null = null;
  let planned: 'nothing' | 'emphasise' | 'render' = 'nothing';
  const drawnRuns = new Set<string>();

  const host = openHost({
    update: (snapshot) => accept(snapshot),
    measures: (measures) => change((snapshot) => ({ ...snapshot, measures })),
    busy: (busy) => change((snapshot) => ({ ...snapshot, busy })),
    focus: (layer, head) =>
      actions.choose({ ...(layer === null ? {} : { layer }), ...(head === null ? {} : { head }) }),
    figures: () => tools.answers.figures(),
    figureAction: (id, action) => tools.answers.figureAction(id, action),
  });
  const { remote } = host;

  const actions: DiffActions = {
    choose(chosen) {
      if (view === null) return;
      view = { ...view, ui: fitDiffUi({ ...view.ui, ...chosen }, view.snapshot) };
      void remote.uiChanged(view.ui);
      save();
      plan('render');
    },
    hover(hover) {
      if (view === null) return;
      view = { ...view, hover };
      plan('emphasise');
    },
    measure: (what) => ask(remote.measure(what)),
    cancelMeasures: () => ask(remote.cancelMeasures()),
  };

  const data = createDiffData(remote, () => plan('render'));
  const readout = new Readout();
  const sidesEvents: SidesEvents = {
    setSides: (sides) => ask(remote.setSides(sides)),
    chooseCheckpoint: (side) => ask(remote.chooseCheckpoint(side)),
    chooseCalibration: (side) => ask(remote.chooseCalibration(side)),
  };
  const sides = new SidesBar(sidesEvents);
  const header = makeHeader(
    {
      run: ({ text, decoderText }) => ask(remote.run(text, decoderText)),
      cancel: () => ask(remote.cancel()),
      edited: () => save(),
      convert: (conversion) => ask(remote.setConversion(conversion)),
      chooseCalibration: () => ask(remote.chooseCalibration(followingSide() ?? 'b')),
      exportConversion: () => ask(remote.exportConversion()),
      saveReport: () => ask(remote.saveReport()),
      diagnose: () => ask(remote.showDiagnostics()),
      dismissProblem: () => report(null),
    },
    element(
      'div',
      { class: 'conversion-choices' },
      button(t('Heads as text'), { 'data-testid': 'text-diff', title: textDiffHint() }, () =>
        ask(remote.compareAssignments()),
      ),
      button(t('Open explorer'), { title: t('Assignment, similarity and maps by group') }, () =>
        ask(remote.openExplorer()),
      ),
    ),
    sides.elements,
    sides.notes,
  );
  const status = element('div', { class: 'status', role: 'status', 'data-testid': 'status' });
  const absent = new Absent(sidesEvents);
  const limits = element('div', { class: 'limits', 'data-testid': 'limits', role: 'note', hidden: true });
  const drift = new Drift(actions);
  const divergence = new DivergenceMap(actions);
  const measures: Figure<DiffView>[] = [new Summary(actions), drift, divergence];
  const heads: Figure<DiffView>[] = [
    new LargeMaps(actions, data, readout, (runId) => {
      if (drawnRuns.has(runId)) return;
      drawnRuns.add(runId);
      requestAnimationFrame(() => void remote.drawn(runId));
    }),
    new HeadTable(actions, data),
  ];
  const rows = [...heads, new Words(actions, data)];
  const figures = [...measures, ...rows];
  const followers = new Followers<DiffView, Figure<DiffView>>(
    figures,
    watchSight,
    ({ element: { hidden } }) => !hidden,
  );
  const tools = new FigureTools<DiffView>({
    ...{ figures, host: remote, origin: originOf },
    failed: (error) => report(toErrorValue(error)),
    changed: () => save(),
    focus: (on) => {
      if (!('group' in on)) actions.choose(on);
    },
    tables: kept(host.saved(), 'tables'),
  });
  const body = element(
    'div',
    { class: 'figures' },
    element('div', { class: 'measures' }, ...measures.map((figure) => figure.element)),
    ...rows.map((figure) => figure.element),
  );
  const page = element(
    'main',
    { class: 'diff', 'data-testid': 'diff', hidden: true },
    header.element,
    status,
    header.banners,
    absent.element,
    limits,
    body,
  );
  onThemeChange(() => plan('render'));
  ask(remote.ready().then(accept));
  return [page, readout.element];

  /** Takes a snapshot. The UI state comes with the first one and with another model; afterwards it is this page's own. */
  function accept(snapshot: DiffSnapshot): void {
    const known = view?.snapshot.model.modelId === snapshot.model.modelId ? view : null;
    header.take(known?.snapshot.state ?? null, snapshot.state);
    view = {
      snapshot,
      ui: fitDiffUi(known?.ui ?? snapshot.state.ui, snapshot),
      hover: known?.hover ?? NO_HOVER,
    };
    save();
    plan('render');
  }

  function plan(what: 'render' | 'emphasise'): void {
    if (planned === 'nothing') requestAnimationFrame(draw);
    if (planned !== 'render') planned = what;
  }

  function draw(): void {
    const rendering = planned === 'render';
    planned = 'nothing';
    if (view === null) return;
    const shown = view;
    if (rendering) {
      const { compare, busy, state } = shown.snapshot;
      const following = followingSide();
      page.hidden = false;
      page.classList.toggle('busy', busy !== null);
      header.show({
        ...shown.snapshot,
        conversion: state.conversion,
        converted: compare?.[following ?? 'b'] ?? null,
        withoutConversion: following === null,
        side: sideName(following ?? 'b'),
      });
      sides.show(shown.snapshot, header.conversion);
      absent.show(shown.snapshot);
      body.hidden = compare === null;
      showParts(shown.snapshot);
      status.textContent =
        busy?.message ??
        (compare === null
          ? ''
          : [t('{0} tokens', compare.a.tokens.length), compare.a.adapter, compare.a.computeType].join(' · '));
    }
    if (!rendering) {
      followers.follow(shown);
      return;
    }
    followers.render(shown);
    tools.render(shown);
  }

  /** Hides the figures of what cannot be compared, and says so. */
  function showParts(snapshot: DiffSnapshot): void {
    const parts = comparedParts(snapshot);
    const missing = snapshot.compare === null ? [] : limitsOf(snapshot);
    limits.hidden = missing.length === 0;
    limits.replaceChildren(...missing.map((text) => element('p', {}, text)));
    drift.element.hidden = !parts.streams;
    for (const figure of [divergence, ...heads]) figure.element.hidden = !parts.heads;
  }

  /** The side under the session's conversion, if one is. */
  function followingSide(): SideId | null {
    const sides = view?.snapshot.state.sides;
    return sideIds.find((id) => sides?.[id].kind === 'converted') ?? null;
  }

  /** Runs a request whose failure the user must hear of. */
  function ask(answer: Promise<unknown>): void {
    answer.catch((error: unknown) => report(toErrorValue(error)));
  }

  function report(problem: ErrorValue | null): void {
    change((snapshot) => ({ ...snapshot, problem }));
  }

  function change(edit: (snapshot: DiffSnapshot) => DiffSnapshot): void {
    if (view === null) return;
    view = { ...view, snapshot: edit(view.snapshot) };
    plan('render');
  }

  /** Keeps what is needed to bring this panel back after a window reload. */
  function save(): void {
    if (view === null) return;
    const state = { ...view.snapshot.state, ...header.texts, ui: view.ui };
    host.save({ kind: 'diff', state, tables: tools.tables });
  }
}

function textDiffHint(): string {
  return t('Which head reads which KV head on both sides, as a text diff');
}
