/**
 * The structure editor's page: what a weight file is, its heads, its tensors.
 * The host owns what was read, this page owns what the user chose; a change of either draws once, in the next frame.
 */
import { t } from '@vscode/l10n';
import '../shared/language';
import '../shared/palette.css';
import '../shared/base.css';
import './structure.css';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import type { FigureInfo } from '../../src/protocol/figures';
import type {
  StructureColumn,
  StructureHostApi,
  StructureSnapshot,
  StructureUi,
  StructureViewApi,
} from '../../src/protocol/structureView';
import { problemBanner, ProgressBar } from '../shared/banners';
import { button, CheckBox, type Choice, Picker, plainButton, searchLine } from '../shared/controls';
import { element } from '../shared/dom';
import { formatBytes, formatInteger } from '../shared/format';
import type { Figure, FigureNumbers } from '../shared/figure';
import { FigureTools } from '../shared/figureTools';
import { connect, kept } from '../shared/host';
import { panel } from '../shared/panel';
import { DetailsCard, type StatisticsState } from './details';
import { factNumbers, headNumbers, histogramNumbers, originOf, tensorNumbers, type StructureView } from './figures';
import { HeadFigures } from './heads';
import { problemPage } from './problem';
import { TensorGrid } from './table';
import { TensorList, type TensorRows } from './tensorList';
import { restoreUi } from './ui';
import { factsOf } from './words';

/** Statistics of a tensor up to this size are computed when it is chosen; of larger ones when asked for. */
const quickBytes = 256 * 1024 * 1024;

const host = connect<StructureHostApi, StructureViewApi>({
  update: (changed) => accept(changed),
  figures: (): FigureInfo[] => tools.answers.figures(),
  figureAction: (id, action): void => tools.answers.figureAction(id, action),
  progress: (busy) => {
    if (statistics.kind !== 'busy') return;
    statistics = { kind: 'busy', busy };
    plan();
  },
});
const { remote } = host;

let snapshot: StructureSnapshot | null = null;
let ui: StructureUi = restoreUi(host.saved());
let list: TensorList | null = null;
let rows: TensorRows | null = null;
/** Choices of the picker of element types. */
let types: Choice[] | null = null;
/** What the rows were made for. */
let rowsKey = '';
let statistics: StatisticsState = { kind: 'none' };
/** Counts questions for statistics: an answer to an older one is dropped. */
let asked = 0;
let planned = false;
/** What could not be done with a figure. */
let problem: ErrorValue | null = null;

const grid = new TensorGrid({
  sort: (column) => {
    choose(sorted(column));
    grid.scrollTo(0);
  },
  select: (name) => select(name),
  fold: (group) => {
    // While something is searched for, everything that was found is shown.
    if (ui.filter.trim() !== '') return;
    const others = new Set(ui.foldedOtherwise);
    if (!others.delete(group)) others.add(group);
    choose({ foldedOtherwise: [...others] });
  },
  copy: (name) => copy(name),
  scrolled: (scrollTop) => {
    ui = { ...ui, scrollTop };
    save();
  },
});
const details = new DetailsCard({
  copy: (text) => copy(text),
  compute: () => computeStatistics(),
  cancel: () => {
    asked++;
    statistics = { kind: 'none' };
    void remote.cancelStatistics();
    plan();
  },
  close: () => select(''),
});
const heads = new HeadFigures();
const name = element('h1');
const subtitle = element('span', { class: 'muted' });
const analyse = button(t('Analyse'), { class: 'primary', 'data-testid': 'analyse' }, () => void remote.analyse());
const reload = button(
  t('Reload'),
  { 'data-testid': 'reload', title: t('Read the file again') },
  () => void remote.reload(),
);
const progress = new ProgressBar(t('Reading'));
const banners = element('div', { class: 'banners' });
const facts = element('dl', { class: 'facts' });
const search = searchLine(
  'filter',
  t('Filter tensors'),
  t('Filter: q_proj, 3 for layer 3, or both'),
  t('Words that the name or role has; a number is a layer'),
);
search.addEventListener('input', () => choose({ filter: search.value }));
search.addEventListener('keydown', (event) => {
  if (event.key !== 'ArrowDown') return;
  event.preventDefault();
  grid.element.focus();
});
const dtypePicker = new Picker('dtype', t('Type'), (dtype) => choose({ dtype }));
const grouping = new CheckBox('grouped', t('By layer'), t('Put the tensors of a layer under a heading'), (grouped) =>
  choose({ grouped }),
);
const foldAll = plainButton(t('Fold all'), { class: 'link', 'data-testid': 'fold-all' }, () =>
  choose({ folded: !ui.folded, foldedOtherwise: [] }),
);
const count = element('span', { class: 'muted count-line', role: 'status', 'data-testid': 'count' });
const summary = panel('summary', element('span', {}, t('Architecture')), element('span'), facts);
summary.dataset.testid = 'summary';
const tensors = panel(
  'tensors',
  element('span', {}, t('Tensors')),
  element('div', { class: 'controls' }, count, search, dtypePicker.element, grouping.element, foldAll),
  element('div', { class: 'tensor-body figure-parts' }, grid.element, details.element),
);
const tools = new FigureTools<StructureView>({
  figures: [
    drawnByPage(summary, factNumbers, { isTable: true }),
    drawnByPage(heads.element, headNumbers),
    drawnByPage(tensors, tensorNumbers, { isTable: true, parts: [drawnByPage(details.element, histogramNumbers)] }),
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
  tensors,
);
const page = element(
  'main',
  { class: 'structure', 'data-testid': 'structure', hidden: true },
  element(
    'header',
    { class: 'header' },
    element('div', { class: 'identity' }, name, subtitle),
    element('div', { class: 'choices' }, reload, analyse),
    progress.element,
  ),
  banners,
  content,
);
document.getElementById('root')?.append(page);
search.value = ui.filter;
void remote.ready().then(accept);

function accept(changed: StructureSnapshot): void {
  const isNew = snapshot?.version !== changed.version;
  snapshot = changed;
  if (isNew) {
    list = changed.structure && new TensorList(changed.structure.tensors);
    rowsKey = '';
    types = null;
    asked++;
    statistics = { kind: 'none' };
    if (list !== null && ui.selected !== '') afterSelection();
    const { scrollTop } = ui;
    plan();
    // The place can be gone to once the rows are there.
    requestAnimationFrame(() => grid.scrollTo(scrollTop));
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
  const { path, structure, isReading, problem: unreadable } = snapshot;
  const parts = path.split(/[\\/]/);
  page.hidden = false;
  page.dataset.state = structure !== null ? 'shown' : unreadable !== null ? 'failed' : 'reading';
  name.textContent = parts.at(-1) ?? path;
  name.title = path;
  progress.show(isReading ? { message: t('Reading the file'), fraction: null } : null);
  content.hidden = structure === null;
  subtitle.textContent = structure?.summary.familyTitle ?? (isReading ? 'reading…' : '');
  drawBanners();
  if (structure === null || list === null) {
    analyse.disabled = true;
    analyse.title = unreadable === null ? t('The file is being read') : t('The file cannot be read');
    return;
  }
  const { notRunnable } = structure.summary;
  analyse.disabled = notRunnable !== null;
  analyse.title = notRunnable ?? t('Run the checkpoint on a text and look at its heads');
  facts.replaceChildren(
    ...factsOf(structure.summary, list).flatMap(({ label, value, detail = value }) => [
      element('dt', {}, label),
      element('dd', { title: detail }, value),
    ]),
  );
  heads.show(structure);
  drawTensors(list);
  tools.render({
    name: name.textContent,
    ...{ structure, list, choices: ui },
    statistics: statistics.kind === 'done' ? statistics.statistics : null,
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

function drawBanners(): void {
  if (snapshot === null) return;
  const { problem: unreadable, structure } = snapshot;
  const notRunnable = structure?.summary.notRunnable ?? null;
  banners.replaceChildren(
    ...(unreadable === null ? [] : [problemPage(unreadable)]),
    ...(problem === null
      ? []
      : [
          problemBanner(problem, () => {
            problem = null;
            plan();
          }),
        ]),
    ...(notRunnable === null
      ? []
      : [
          element(
            'div',
            { class: 'banner warning', 'data-testid': 'not-runnable' },
            element('p', {}, t('It cannot be run, only looked at. {0}', notRunnable)),
          ),
        ]),
  );
}

function drawTensors(known: TensorList): void {
  const { filter, dtype, sortBy, sortDescending, grouped, folded, foldedOtherwise, selected } = ui;
  const key = JSON.stringify([filter, dtype, sortBy, sortDescending, grouped, folded, foldedOtherwise]);
  if (rows === null || key !== rowsKey) {
    rowsKey = key;
    rows = known.rows(ui);
  }
  const all = known.names.length;
  const found = rows.tensors === all ? formatInteger(all) : `${formatInteger(rows.tensors)} of ${formatInteger(all)}`;
  count.textContent = `${found} · ${formatBytes(rows.bytes)}`;
  types ??= known
    .dtypes()
    .map(({ dtype: value, count: own }) => ({ value, title: `${value} (${formatInteger(own)})` }));
  dtypePicker.show([{ value: '', title: t('all') }, ...types], dtype);
  grouping.show(grouped);
  foldAll.textContent = folded ? t('Unfold all') : t('Fold all');
  foldAll.disabled = !grouped || filter.trim() !== '';
  grid.show(known, rows, selected, { by: sortBy, descending: sortDescending });
  const place = selected === '' ? -1 : known.names.indexOf(selected);
  details.show(known, place < 0 ? null : place, statistics);
}

function sorted(column: StructureColumn): Partial<StructureUi> {
  return { sortBy: column, sortDescending: ui.sortBy === column ? !ui.sortDescending : column === 'bytes' };
}

function choose(change: Partial<StructureUi>): void {
  ui = { ...ui, ...change };
  save();
  plan();
}

function select(selected: string): void {
  if (selected === ui.selected) return;
  choose({ selected });
  asked++;
  statistics = { kind: 'none' };
  void remote.cancelStatistics();
  afterSelection();
}

/** Small tensors tell their numbers at once. */
function afterSelection(): void {
  const place = list?.names.indexOf(ui.selected) ?? -1;
  if (list !== null && place >= 0 && list.kind(place).bytes <= quickBytes) computeStatistics();
}

function computeStatistics(): void {
  const question = ++asked;
  statistics = { kind: 'busy', busy: { message: t('Reading'), fraction: null } };
  plan();
  remote.statistics(ui.selected).then(
    (found) => answer(question, { kind: 'done', statistics: found }),
    (error: unknown) => {
      const problem = toErrorValue(error);
      answer(question, problem.code === 'cancelled' ? { kind: 'none' } : { kind: 'failed', problem });
    },
  );
}

function answer(question: number, state: StatisticsState): void {
  if (question !== asked) return;
  statistics = state;
  plan();
}

function copy(text: string): void {
  void remote.copyText(text);
}

/** Comes back after the editor was hidden and after a window reload. */
function save(): void {
  host.save({ ...ui, tables: tools.tables });
}
