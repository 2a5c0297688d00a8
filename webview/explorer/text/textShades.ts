/**
 * Attention as shades of the text: each token by its weight, with a bar a group under it where several are shown. In
 * cross-attention there are two texts: one that looks and one that is looked at.
 * Role: from weights to marks on strips of tokens (textStrip.ts).
 */
import { t } from '@vscode/l10n';
import type { RunSummary } from '../../../src/protocol/runs';
import { element } from '../../shared/dom';
import { formatWeight } from '../../shared/format';
import { groupColor } from '../../shared/groupLook';
import { capitalised } from '../../shared/labels';
import type { LayerTokens } from '../../shared/layerTokens';
import { relativeToLargest } from '../../shared/relative';
import type { TokenBars } from '../../shared/textInkMarks';
import { TextStrip } from '../../shared/textStrip';
import type { Side } from './textLines';
import { isOneText, restingSeries, seriesColor, type Focus } from './textSeries';
import type { TokenWeights, Voice } from './textWeights';
import { shownRun, type ExplorerView } from '../view';

/** More series than this have no room for bars of their own. */
const MOST_BARS = 8;

export interface ShadeEvents {
  hover(side: Side, token: number | null): void;
  pin(side: Side, token: number): void;
  unpin(): void;
}

/** Shades of the tokens that look and of those looked at, and what they mean. */
export interface Shades {
  query: number[] | null;
  key: number[] | null;
  queryBars: TokenBars[];
  keyBars: TokenBars[];
  color: string;
  note: string;
}

export class TextShades {
  readonly element = element('div', { class: 'text-shades', 'data-testid': 'text-shades' });
  readonly #looking: TextStrip;
  readonly #lookedAt: TextStrip;
  readonly #lookingBox: HTMLElement;
  readonly #lookedAtName = element('h3', { class: 'muted' }, t('Tokens looked at'));

  constructor(events: ShadeEvents) {
    const strip = (side: Side, label: string): TextStrip =>
      new TextStrip(
        {
          hover: (token) => events.hover(side, token),
          select: (token) => events.pin(side, token),
          leave: () => events.unpin(),
        },
        label,
      );
    this.#looking = strip('query', t('Tokens that look'));
    this.#lookedAt = strip('key', t('Tokens of the text'));
    this.#lookingBox = element(
      'div',
      {},
      element('h3', { class: 'muted' }, t('Tokens that look')),
      this.#looking.element,
    );
    this.element.append(this.#lookingBox, this.#lookedAtName, this.#lookedAt.element);
  }

  show({ queries, keys }: LayerTokens): void {
    const isOne = queries === keys;
    this.#lookingBox.hidden = this.#lookedAtName.hidden = isOne;
    this.#looking.show(isOne ? [] : queries);
    this.#lookedAt.show(keys);
  }

  mark(shades: Shades, pinned: Record<Side, number | null>, view: ExplorerView): void {
    const { hover, ui } = view;
    const { color } = shades;
    const bars = barsOf(restingSeries(view).length);
    const room = { above: ui.textDirection === 'both' && isOneText(view) ? bars : 0, below: bars };
    const places = (...all: (number | null)[]): number[] => all.filter((place) => place !== null);
    if (isOneText(view)) {
      const isBoth = shades.query !== null && shades.key !== null;
      this.#lookedAt.mark({
        shade: shades.key ?? shades.query,
        ...(isBoth ? { lowerShade: shades.query, barsAbove: shades.keyBars } : {}),
        barsBelow: isBoth ? shades.queryBars : [...shades.keyBars, ...shades.queryBars],
        ...{ color, room },
        selected: pinned.query,
        hovered: places(hover.query, hover.key),
      });
      return;
    }
    this.#looking.mark({
      ...{ shade: shades.query, barsBelow: shades.queryBars, color, room, selected: pinned.query },
      hovered: places(hover.query),
    });
    this.#lookedAt.mark({
      ...{ shade: shades.key, barsBelow: shades.keyBars, color, room, selected: pinned.key },
      hovered: places(hover.key),
    });
  }

  /** Scrolls a token into sight. */
  reveal(side: Side, token: number): void {
    if (side === 'query' && !this.#lookingBox.hidden) this.#looking.reveal(token);
    else this.#lookedAt.reveal(token);
  }
}

/** What the text is shaded by now. */
export function shadesOf(view: ExplorerView, { query, key }: Focus, voices: readonly Voice[]): Shades {
  const [only] = voices;
  const color = voices.length === 1 && only !== undefined ? colorOf(only) : 'var(--ink)';
  const none: Shades = { query: null, key: null, queryBars: [], keyBars: [], color: 'var(--ink)', note: '' };
  if (query === null && key === null) {
    const run = shownRun(view);
    const losses = run !== null && isOneText(view) ? surprise(run) : null;
    return losses === null ? none : { ...none, key: losses, note: t('Shade: loss of each token.') };
  }
  const { hideFirstToken } = view.ui;
  const at = one('from', voices, hideFirstToken);
  const by = one('to', voices, false);
  const said = [
    at.largest > 0 ? t('darkest {0}', `${at.exact ? '' : '≈'}${formatWeight(at.largest)}`) : '',
    by.largest > 0 ? t('darkest who looks {0}', `${by.exact ? '' : '≈'}${formatWeight(by.largest)}`) : '',
  ].filter(Boolean);
  const isBoth = at.shade !== null && by.shade !== null && isOneText(view);
  const halves = isBoth ? t('Upper half: what it looks at; lower half: who looks at it.') : '';
  const bars =
    voices.length > MOST_BARS
      ? t('Bars of their own are for up to {0}: choose a group.', MOST_BARS)
      : voices.length > 1
        ? t('Bars: each by itself.')
        : '';
  return {
    ...{ query: by.shade, key: at.shade, queryBars: by.bars, keyBars: at.bars, color },
    note: [`${capitalised(describeVoices(voices))}${said.length === 0 ? '' : `: ${said.join(', ')}`}.`, halves, bars]
      .filter(Boolean)
      .join(' '),
  };
}

/** Whose attention is told, in words. */
export function describeVoices(voices: readonly Voice[]): string {
  const [only] = voices;
  if (only === undefined) return '';
  if (voices.length > 1) {
    return only.series.head === null
      ? t('means of {0} groups', voices.length)
      : t('heads of KV {0}', only.series.group);
  }
  return only.series.head === null ? t('mean of KV {0}', only.series.group) : `Q${only.series.head}`;
}

/** The shade of one direction: the mean of the series, relative to its largest; and a bar a series where there are several. */
function one(
  direction: 'from' | 'to',
  voices: readonly Voice[],
  skipFirst: boolean,
): { shade: number[] | null; bars: TokenBars[]; largest: number; exact: boolean } {
  const known = voices.flatMap((voice) => {
    const weights: TokenWeights | null = voice[direction];
    return weights === null ? [] : [{ voice, weights }];
  });
  const count = known[0]?.weights.values.length ?? 0;
  const sums = new Float64Array(count);
  let most = 0;
  for (const { weights } of known) {
    for (let place = skipFirst ? 1 : 0; place < count; place++) {
      const weight = weights.values[place] ?? 0;
      sums[place] = (sums[place] ?? 0) + weight / known.length;
      most = Math.max(most, weight);
    }
  }
  const hasBars = barsOf(voices.length) > 0 && most > 0;
  return {
    shade: relativeToLargest(sums),
    bars: hasBars
      ? known.map(({ voice, weights }) => ({
          color: colorOf(voice),
          lengths: weights.values.map((weight, place) => (skipFirst && place === 0 ? 0 : weight / most)),
        }))
      : [],
    largest: sums.reduce((largest, mean) => Math.max(largest, mean), 0),
    exact: known.every(({ weights }) => weights.exact),
  };
}

/** How many bars some series get: one each where there are several, unless there are too many. */
function barsOf(series: number): number {
  return series > 1 && series <= MOST_BARS ? series : 0;
}

function colorOf({ series }: Voice): string {
  return seriesColor(series, groupColor(series.group));
}

/** [S] loss of each token, relative to the largest; the first token is given, not predicted. */
function surprise(run: RunSummary): number[] | null {
  return relativeToLargest([0, ...run.lossPerToken]);
}
