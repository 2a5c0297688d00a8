/**
 * The top of a report: which checkpoint, which text, which conversion, when it was recorded, and what is not in it.
 * Role: words. The pages below have no header of their own.
 */
import { t } from '@vscode/l10n';
import type { ConversionRequest } from '../../src/protocol/conversion';
import { hasBothStacks } from '../../src/protocol/layers';
import type { MethodInfo } from '../../src/protocol/methods';
import type { ReportContent, ReportMade } from '../../src/protocol/report';
import { problemBanner } from '../shared/banners';
import { element } from '../shared/dom';
import { formatInteger } from '../../src/protocol/numbers';
import type { HeaderEvents, PageHeader } from '../shared/header';
import { leftOutWords } from './leftOut';
import { openCheckpoint } from './records';

/** The top of the whole report. */
export function reportHeader(content: ReportContent, made: ReportMade): HTMLElement {
  const { explorer } = content;
  const { model, original, state } = explorer;
  const kvHeads = model.G === model.H ? '' : ` (${model.G} KV)`;
  const size = hasBothStacks(model)
    ? t('{0} attentions × {1} heads', model.L, model.H)
    : t('{0} layers × {1} heads', model.L, model.H);
  const shape = `${size}${kvHeads} · K ${model.K} · ${model.dtype.toLowerCase()} · ${model.familyTitle} · ${t('{0} parameters', formatInteger(model.parameters))}`;
  const texts = [state.text, state.decoderText].filter((text) => text.trim() !== '');
  const date = new Date(made.date).toLocaleDateString(document.documentElement.lang, { dateStyle: 'long' });
  const recorded = t('recorded {0} with GQA Lens {1} on {2}', date, made.version, original?.adapter ?? '');
  return element(
    'header',
    { class: 'header report-header' },
    element(
      'div',
      { class: 'identity' },
      element('h1', {}, model.name),
      element('span', { class: 'muted' }, shape),
      element('span', { class: 'muted recorded' }, recorded),
    ),
    ...texts.map((text) => element('blockquote', { 'data-testid': 'report-text' }, text)),
    element('p', { 'data-testid': 'report-conversion' }, ...describeConversion(explorer)),
    element('p', { class: 'muted', 'data-testid': 'report-note' }, ...describeReport(content)),
  );
}

/** What a page of the report has in the place of its header: only what went wrong. */
export function quietHeader(events: HeaderEvents): PageHeader {
  const banners = element('div', { class: 'banners' });
  return {
    element: element('div', { hidden: true }),
    banners,
    conversion: element('div'),
    texts: { text: '', decoderText: '' },
    take: () => undefined,
    show: ({ problem }) => {
      banners.replaceChildren(...(problem === null ? [] : [problemBanner(problem, () => events.dismissProblem())]));
    },
  };
}

function describeConversion({ state, model, registries, converted }: ReportContent['explorer']): (string | Node)[] {
  const { conversion } = state;
  if (conversion.G === model.G) return [t('The checkpoint as it is: nothing is converted.')];
  const methods = chosen(conversion, registries);
  return [
    element('b', {}, t('{0} of {1} KV heads', conversion.G, model.G)),
    ...methods.map(({ title, description }) => element('span', { title: description }, ` · ${title}`)),
    ...(typeof converted?.calibration === 'string' ? [` · ${t('Solved on {0}.', converted.calibration)}`] : []),
    ...(converted?.notes ?? []).map((note) => element('span', { class: 'muted' }, ` · ${note}`)),
  ];
}

function describeReport(content: ReportContent): (string | Node)[] {
  const { explorer, diff, leftOut } = content;
  const { state, model, registries } = explorer;
  const { conversion } = state;
  const [, merge] = chosen(conversion, registries);
  const recorded =
    conversion.G === model.G
      ? t('the checkpoint as it is')
      : t('{0} KV heads by {1}', conversion.G, merge?.title ?? conversion.merge);
  const note = t('A report shows what was recorded: {0}. Open the checkpoint in GQA Lens to change it.', recorded);
  const { a, b } = diff?.sides ?? {};
  const sides =
    a === undefined || b === undefined || (a.side.kind === 'opened' && b.side.kind === 'converted')
      ? ''
      : ` ${t('The comparison is of {0} and {1}.', a.name, b.name)}`;
  if (leftOut.length === 0) return [note, sides];
  const list = element('ul', {}, ...leftOut.map((one) => element('li', {}, leftOutWords(one, content))));
  return [
    note,
    sides,
    element(
      'details',
      { 'data-testid': 'left-out' },
      element('summary', {}, t('Not in this report')),
      list,
      element('span', {}, openCheckpoint()),
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
