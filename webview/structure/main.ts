/**
 * The structure editor's page: what a weight file is, its heads, its tensors.
 * Role: puts the parts together. The host owns what was read, this page owns what the user chose; a change of either draws
 * once, in the next frame.
 */
import { t } from '@vscode/l10n';
import '../shared/language';
import '../shared/palette.css';
import '../shared/base.css';
import './structure.css';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import type { FigureInfo } from '../../src/protocol/figures';
import type {
  StructureHostApi,
  StructureSnapshot,
  StructureUi,
  StructureViewApi,
} from '../../src/protocol/structureView';
import { element } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { FigureTools } from '../shared/figureTools';
import { connect, kept } from '../shared/host';
import { panel } from '../shared/panel';
import { factNumbers, headNumbers, histogramNumbers, originOf, tensorNumbers, type StructureView } from './figures';
import { HeadFigures } from './heads';
import { fileName, PageHeader } from './pageHeader';
import { pageBanners } from './problem';
import { StatisticsQuestion } from './statistics';
import { TensorList } from './tensorList';
import { TensorsPanel } from './tensorsPanel';
import { restoreUi } from './ui';
import { factsOf } from './words';

/** Statistics of a tensor up to this size are computed when it is chosen; of larger ones when asked for. */
const quickBytes = 256 * 1024 * 1024;

const host = connect<StructureHostApi, StructureViewApi>({
  update: (changed) => accept(changed),
  figures: (): FigureInfo[] => tools.answers.figures(),
  figureAction: (id, action): void => tools.answers.figureAction(id, action),
  progress: (busy) => statistics.progress(busy),
});
const { remote } = host;

let snapshot: StructureSnapshot | null = null;
let ui: StructureUi = restoreUi(host.saved());
let list: TensorList | null = null;
let planned = false;
/** What could not be done with a figure. */
let problem: ErrorValue | null = null;

const statistics = new StatisticsQuestion(remote, plan);
const header = new PageHeader({ analyse: () => void remote.analyse(), reload: () => void remote.reload() });
const banners = element('div', { class: 'banners' });
const facts = element('dl', { class: 'facts' });
const summary = panel('summary', element('span', {}, t('Architecture')), element('span'), facts);
summary.dataset.testid = 'summary';
const heads = new HeadFigures();
const tensors = new TensorsPanel(
  {
    choose: (change) => choose(change),
    select: (name) => select(name),
    copy: (text) => void remote.copyText(text),
    compute: () => statistics.ask(ui.selected),
    cancel: () => {
      statistics.cancel();
      plan();
    },
    scrolled: (scrollTop) => {
      ui = { ...ui, scrollTop };
      save();
    },
  },
  () => ui,
);
const tools = new FigureTools<StructureView>({
  figures: [
    drawnByPage(summary, factNumbers, { isTable: true }),
    drawnByPage(heads.element, headNumbers),
    drawnByPage(tensors.element, tensorNumbers, {
      isTable: true,
      parts: [drawnByPage(tensors.details, histogramNumbers)],
    }),
  ],
  ...{ host: remote, origin: originOf },
  failed: (error) => {
    problem = toErrorValue(error);
    plan();
  },
  changed: () => save(),
  tables: kept(host.saved(), 'tables'),
});
const content = element(
  'div',
  { class: 'structure-content' },
  element('div', { class: 'structure-top' }, summary, heads.element),
  tensors.element,
);
const page = element(
  'main',
  { class: 'structure', 'data-testid': 'structure', hidden: true },
  header.element,
  banners,
  content,
);
document.getElementById('root')?.append(page);
void remote.ready().then(accept);

function accept(changed: StructureSnapshot): void {
  const isNew = snapshot?.version !== changed.version;
  snapshot = changed;
  if (isNew) {
    list = changed.structure && new TensorList(changed.structure.tensors);
    statistics.forget();
    if (list !== null && ui.selected !== '') afterSelection();
    const { scrollTop } = ui;
    plan();
    // The place can be gone to once the rows are there.
    requestAnimationFrame(() => tensors.scrollTo(scrollTop));
  }
  plan();
}

function plan(): void {
  if (!planned) requestAnimationFrame(draw);
  planned = true;
}

function draw(): void {
  planned = false;
  if (snapshot === null) return;
  const { path, structure, problem: unreadable } = snapshot;
  page.hidden = false;
  page.dataset.state = structure !== null ? 'shown' : unreadable !== null ? 'failed' : 'reading';
  header.show(snapshot);
  content.hidden = structure === null;
  const notRunnable = structure?.summary.notRunnable ?? null;
  const dismiss = (): void => {
    problem = null;
    plan();
  };
  banners.replaceChildren(...pageBanners({ unreadable, problem, dismiss, notRunnable }));
  if (structure === null || list === null) return;
  facts.replaceChildren(
    ...factsOf(structure.summary, list).flatMap(({ label, value, detail = value }) => [
      element('dt', {}, label),
      element('dd', { title: detail }, value),
    ]),
  );
  heads.show(structure);
  const { state } = statistics;
  tensors.show(list, ui, state);
  tools.render({
    name: fileName(path),
    ...{ structure, list, choices: ui },
    statistics: state.kind === 'done' ? state.statistics : null,
  });
}

/** A figure that this page draws itself. */
function drawnByPage(
  frame: HTMLElement,
  numbers: (view: StructureView) => FigureNumbers | null,
  more: Partial<Figure<StructureView>> = {},
): Figure<StructureView> {
  return { element: frame, numbers, render: () => undefined, emphasise: () => undefined, ...more };
}

function choose(change: Partial<StructureUi>): void {
  ui = { ...ui, ...change };
  save();
  plan();
}

function select(selected: string): void {
  if (selected === ui.selected) return;
  choose({ selected });
  statistics.cancel();
  afterSelection();
}

/** Small tensors tell their numbers at once. */
function afterSelection(): void {
  const place = list?.names.indexOf(ui.selected) ?? -1;
  if (list !== null && place >= 0 && list.kind(place).bytes <= quickBytes) statistics.ask(ui.selected);
}

/** Comes back after the editor was hidden and after a window reload. */
function save(): void {
  host.save({ ...ui, tables: tools.tables });
}
