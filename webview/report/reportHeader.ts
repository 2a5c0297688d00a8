/**
 * The top of a report: which checkpoint, which text, which conversion, when it was recorded, and what is not in it.
 * Role: words. The pages below have no header of their own.
 */
import { hasBothStacks } from '../../src/protocol/layers';
import type { ConversionRequest, MethodInfo } from '../../src/protocol/model';
import type { ReportContent, ReportMade } from '../../src/protocol/report';
import { problemBanner } from '../shared/banners';
import { element } from '../shared/dom';
import { formatInteger } from '../shared/format';
import type { HeaderEvents, PageHeader } from '../shared/header';
import { openCheckpoint } from './records';

/** The top of the whole report. */
export function reportHeader({ explorer, leftOut }: ReportContent, made: ReportMade): HTMLElement {
  const { model, original, state } = explorer;
  const kvHeads = model.G === model.H ? '' : ` (${model.G} KV)`;
  const shape = `${model.L} ${hasBothStacks(model) ? 'attentions' : 'layers'} × ${model.H} heads${kvHeads} · K ${model.K} · ${model.dtype.toLowerCase()} · ${model.familyTitle} · ${formatInteger(model.parameters)} parameters`;
  const texts = [state.text, state.decoderText].filter((text) => text.trim() !== '');
  const date = new Date(made.date).toLocaleDateString('en', { dateStyle: 'long' });
  const computed = original === null ? '' : ` on ${original.adapter}`;
  return element(
    'header',
    { class: 'header report-header' },
    element(
      'div',
      { class: 'identity' },
      element('h1', {}, model.name),
      element('span', { class: 'muted' }, shape),
      element('span', { class: 'muted recorded' }, `recorded ${date} with GQA Lens ${made.version}${computed}`),
    ),
    ...texts.map((text) => element('blockquote', { 'data-testid': 'report-text' }, text)),
    element('p', { 'data-testid': 'report-conversion' }, ...describeConversion(explorer)),
    element('p', { class: 'muted', 'data-testid': 'report-note' }, ...describeReport(explorer, leftOut)),
  );
}

/** What a page of the report has in the place of its header: only what went wrong. */
export function quietHeader(events: HeaderEvents): PageHeader {
  const banners = element('div', { class: 'banners' });
  return {
    element: element('div', { hidden: true }),
    banners,
    texts: { text: '', decoderText: '' },
    take: () => undefined,
    show: ({ problem }) => {
      banners.replaceChildren(...(problem === null ? [] : [problemBanner(problem, () => events.dismissProblem())]));
    },
  };
}

function describeConversion({ state, model, registries, converted }: ReportContent['explorer']): (string | Node)[] {
  const { conversion } = state;
  if (conversion.G === model.G) return ['The checkpoint as it is: nothing is converted.'];
  const methods = chosen(conversion, registries);
  return [
    element('b', {}, `${conversion.G} of ${model.G} KV heads`),
    ...methods.map(({ title, description }) => element('span', { title: description }, ` · ${title}`)),
    ...(typeof converted?.calibration === 'string' ? [` · solved on ${converted.calibration}`] : []),
    ...(converted?.notes ?? []).map((note) => element('span', { class: 'muted' }, ` · ${note}`)),
  ];
}

function describeReport({ state, model, registries }: ReportContent['explorer'], leftOut: string[]): (string | Node)[] {
  const { conversion } = state;
  const [, merge] = chosen(conversion, registries);
  const recorded =
    conversion.G === model.G
      ? 'the checkpoint as it is'
      : `${conversion.G} KV heads by ${merge?.title ?? conversion.merge}`;
  const note = `A report shows what was recorded: ${recorded}. Open the checkpoint in GQA Lens to change it.`;
  if (leftOut.length === 0) return [note];
  const list = element('ul', {}, ...leftOut.map((sentence) => element('li', {}, sentence)));
  return [
    note,
    element(
      'details',
      { 'data-testid': 'left-out' },
      element('summary', {}, 'Not in this report'),
      list,
      element('span', {}, openCheckpoint),
    ),
  ];
}

/** The grouping and the merge of a conversion. */
function chosen(
  { grouping, merge }: ConversionRequest,
  { groupings, merges }: ReportContent['explorer']['registries'],
): MethodInfo[] {
  return [...groupings.filter(({ id }) => id === grouping), ...merges.filter(({ id }) => id === merge)];
}
