/**
 * Figure: what does the second side cost against the first, and what does it save? Both models' numbers beside each other,
 * one measure a row, with the direction that is good.
 */
import { t } from '@vscode/l10n';
import { isEncoderOnly, noEncoderCache, noEncoderLoss } from '../../src/protocol/layers';
import type { ModelMeasures } from '../../src/protocol/measures';
import { plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import {
  formatChange,
  formatLoss,
  formatMilliseconds,
  formatNumber,
  formatPercent,
  formatPerplexity,
} from '../shared/format';
import { formatInteger } from '../../src/protocol/numbers';
import { panel } from '../shared/panel';
import { summaryNumbers } from './numbers';
import type { DiffActions, DiffView } from './view';

const NOTE = t('↓ lower is better, ↑ higher is better. KL and agreement: of next tokens.');
const encoderNote = t(
  '↓ lower is better, ↑ higher is better. KL and agreement: of what each position predicts. No loss: {0}. No KV cache: {1}.',
  noEncoderLoss,
  noEncoderCache,
);

/** Which way is good. */
const BETTER = { lower: '↓', higher: '↑' } as const;

interface Row {
  label: string;
  better: keyof typeof BETTER;
  title: string;
  /** Test ids are these and the side: "loss-a". */
  name: string;
  a: string | HTMLElement;
  b: string;
  change: string;
}

export class Summary implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly isTable = true;
  readonly #title = element('span');
  readonly #body = element('tbody');
  readonly #heads = { a: element('th', { scope: 'col' }), b: element('th', { scope: 'col' }) };
  readonly #time: HTMLButtonElement;
  readonly #note = element('p', { class: 'muted note' }, NOTE);

  constructor(actions: DiffActions) {
    this.#time = plainButton(
      t('Measure now'),
      { class: 'link', 'data-testid': 'measure-time', title: t('Decodes 36 tokens with each model in turn') },
      () => actions.measure('time'),
    );
    const { a, b } = this.#heads;
    const head = element('tr', {}, element('td'), a, b, element('th', { scope: 'col' }, t('change')));
    const table = element('table', {}, element('thead', {}, head), this.#body);
    this.element = panel('summary', this.#title, element('span'), table, this.#note);
    this.element.dataset.testid = 'summary';
  }

  render({ snapshot }: DiffView): void {
    const { compare, measures, model, sides } = snapshot;
    this.#title.textContent = t('What {0} costs and saves', sides.b.name);
    for (const side of ['a', 'b'] as const) {
      this.#heads[side].textContent = sides[side].name;
      this.#heads[side].title = sides[side].model?.path ?? '';
    }
    if (compare === null) return;
    const { a, b, klMean, top1Agreement } = compare;
    const { result, busy } = measures;
    this.#time.disabled = result === null || busy !== null;
    const cross = this.#row(
      t('cross cache'),
      'cross',
      t("Bytes of cross-attention's cache a token of the encoder's text"),
      [a.crossCacheBytesPerToken, b.crossCacheBytesPerToken],
      bytes,
      formatChange,
    );
    const losses = [
      this.#row(
        t('loss'),
        'loss',
        t('nats: mean next-token cross-entropy on this text'),
        [a.loss, b.loss],
        formatLoss,
        signed,
      ),
      this.#row(
        t('perplexity'),
        'perplexity',
        t('e^loss: among how many tokens the model hesitates'),
        [a.perplexity, b.perplexity],
        formatPerplexity,
        formatChange,
      ),
    ];
    const cache = this.#row(
      t('KV cache'),
      'cache',
      t('Bytes of KV cache a token'),
      [a.kvCacheBytesPerToken, b.kvCacheBytesPerToken],
      bytes,
      formatChange,
    );
    const encoderOnly = isEncoderOnly(model);
    this.#note.textContent = encoderOnly ? encoderNote : NOTE;
    const rows: Row[] = [
      ...(encoderOnly ? [] : losses),
      {
        label: 'KL',
        better: 'lower',
        name: 'kl',
        title: t('Mean KL({0} ‖ {1}) of what each position predicts, in nats a token', sides.a.name, sides.b.name),
        a: '',
        b: klMean.toFixed(3),
        change: '',
      },
      {
        label: t('same top token'),
        better: 'higher',
        name: 'top1',
        title: t('Share of positions whose most probable prediction is the same'),
        a: '',
        b: formatPercent(top1Agreement),
        change: '',
      },
      ...(encoderOnly ? [] : [cache]),
      ...(a.crossCacheBytesPerToken > 0 ? [cross] : []),
      this.#row(
        t('parameters'),
        'parameters',
        t('Numbers in the model'),
        [a.parameters, b.parameters],
        count,
        formatChange,
      ),
      ...(encoderOnly ? [] : [this.#timeRow(result?.a ?? null, result?.b ?? null)]),
    ];
    this.#body.replaceChildren(...rows.map(draw));
  }

  numbers(view: DiffView): FigureNumbers | null {
    return summaryNumbers(view);
  }

  emphasise(): void {
    // Nothing here follows the pointer.
  }

  #row(
    label: string,
    name: string,
    title: string,
    [a, b]: readonly [number | null, number | null],
    format: (value: number | null) => string,
    change: (before: number, after: number) => string,
  ): Row {
    const known = a !== null && b !== null;
    return { label, better: 'lower', name, title, a: format(a), b: format(b), change: known ? change(a, b) : '' };
  }

  #timeRow(a: ModelMeasures | null, b: ModelMeasures | null): Row {
    const times = [a?.millisecondsPerToken ?? null, b?.millisecondsPerToken ?? null] as const;
    const title = t('Median time of a greedily decoded token on this adapter');
    const row = this.#row(t('time a token'), 'time', title, times, formatMilliseconds, formatChange);
    return times[0] === null ? { ...row, a: this.#time, b: '' } : row;
  }
}

function draw({ label, better, name, title, a, b, change }: Row): HTMLElement {
  const head = element('th', { scope: 'row' }, label, element('span', { class: 'muted' }, ` ${BETTER[better]}`));
  // A button in the place of the numbers: in one of their columns it would make that too wide for the panel.
  if (typeof a !== 'string') return element('tr', { title }, head, element('td', { colspan: 3 }, a));
  return element(
    'tr',
    { title },
    head,
    element('td', { 'data-testid': `${name}-a` }, a),
    element('td', { 'data-testid': name === 'kl' || name === 'top1' ? name : `${name}-b` }, b),
    element('td', { class: 'muted' }, change),
  );
}

function bytes(value: number | null): string {
  return value === null ? '–' : `${formatInteger(value)} B`;
}

function count(value: number | null): string {
  return value === null ? '–' : formatInteger(value);
}

function signed(before: number, after: number): string {
  return `${after > before ? '+' : ''}${formatNumber(after - before, 3)}`;
}
