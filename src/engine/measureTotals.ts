/**
 * From the numbers of single windows to those of a whole text.
 * Role: the weighting. Every position counts the same, so a window counts by its positions. Pure.
 */
import { perplexity } from '../gqa/measures';
import type { LayerDrift } from '../model/layerDrift';
import type { Target } from '../model/tokens';
import type { LayerMeasures, MovedToken } from '../protocol/measures';
import type { Token } from '../protocol/tokens';

/** Tokens shown before a prediction. */
const contextTokens = 8;

/** What two models think of each position of one window. */
export interface WindowNumbers {
  /** [S] */
  ids: readonly number[];
  /** What was asked for, by position. */
  targets: readonly Target[];
  a: SideNumbers;
  b: SideNumbers;
  /** [S] KL(a || b) in nats. */
  kl: Float32Array;
}

export interface SideNumbers {
  /** [targets] cross-entropy of each, in nats. */
  loss: Float32Array;
  /** [S] most probable token. */
  top: Uint32Array;
}

/** A place in the windows. */
export interface Place {
  window: number;
  position: number;
}

export interface Totals {
  tokens: number;
  loss: Record<'a' | 'b', number | null>;
  perplexity: Record<'a' | 'b', number | null>;
  klMean: number;
  /** [longest window] mean over the windows that have the position. */
  klPerPosition: Float32Array;
  top1Agreement: number;
  /** Places of the largest KL, largest first. */
  moved: Place[];
}

/**
 * Sums windows up.
 * @param movedCount how many of the most moved predictions are told
 */
export function totals(windows: readonly WindowNumbers[], movedCount: number): Totals {
  const tokens = windows.reduce((sum, { ids }) => sum + ids.length, 0);
  const loss = { a: overall(windows.map(({ a }) => a.loss)), b: overall(windows.map(({ b }) => b.loss)) };
  const agreeing = windows.reduce(
    (sum, { a, b }) => sum + a.top.reduce((count, token, s) => count + (token === b.top[s] ? 1 : 0), 0),
    0,
  );
  return {
    tokens,
    loss,
    perplexity: {
      a: loss.a === null ? null : perplexity(loss.a),
      b: loss.b === null ? null : perplexity(loss.b),
    },
    klMean: overall(windows.map(({ kl }) => kl)) ?? NaN,
    klPerPosition: byPosition(windows.map(({ kl }) => kl)),
    top1Agreement: agreeing / tokens,
    moved: largest(windows, movedCount),
  };
}

/** Places as the predictions that stand there. */
export function movedTokens(
  windows: readonly WindowNumbers[],
  places: readonly Place[],
  token: (id: number) => Token,
): MovedToken[] {
  return places.flatMap(({ window, position }) => {
    const numbers = windows[window];
    if (!numbers) return [];
    const { ids, targets, a, b, kl } = numbers;
    const asked = targets.findIndex((target) => target.position === position);
    const next = targets[asked];
    return {
      window,
      position,
      kl: kl[position] ?? NaN,
      context: ids.slice(Math.max(0, position + 1 - contextTokens), position + 1).map(token),
      next: next === undefined ? null : token(next.token),
      top: { a: token(a.top[position] ?? 0), b: token(b.top[position] ?? 0) },
      loss: next === undefined ? null : { a: a.loss[asked] ?? NaN, b: b.loss[asked] ?? NaN },
    };
  });
}

/** [L] the layers of all windows [windows][L], each window counting by its positions. */
export function totalLayers(windows: readonly (readonly LayerDrift[])[], titles: readonly string[]): LayerMeasures[] {
  return titles.map((title, layer) => {
    const own = windows.flatMap((layers) => layers[layer] ?? []);
    const positions = own.reduce((sum, { S }) => sum + S, 0);
    const drifts = own.map((drift) => ({ share: drift.S / positions, drift }));
    const weighted = (value: (drift: LayerDrift) => number | undefined): number =>
      drifts.reduce((sum, { share, drift }) => sum + share * (value(drift) ?? NaN), 0);
    const first = own[0];
    return {
      title,
      jensenShannon:
        first?.jensenShannon?.map((_, head) => weighted(({ jensenShannon }) => jensenShannon?.[head])) ?? null,
      attentionCosine: first?.streams ? weighted(({ streams }) => streams?.attentionCosine) : null,
      residualCosine: first?.streams ? weighted(({ streams }) => streams?.residualCosine) : null,
    };
  });
}

/** Mean over all numbers of all windows; null of none. */
function overall(values: readonly Float32Array[]): number | null {
  const count = values.reduce((sum, { length }) => sum + length, 0);
  if (count === 0) return null;
  return values.reduce((total, list) => list.reduce((sum, value) => sum + value, total), 0) / count;
}

function byPosition(values: readonly Float32Array[]): Float32Array {
  const longest = Math.max(0, ...values.map(({ length }) => length));
  return Float32Array.from({ length: longest }, (_, position) => {
    const present = values.filter(({ length }) => length > position);
    return present.reduce((sum, list) => sum + (list[position] ?? 0), 0) / present.length;
  });
}

function largest(windows: readonly WindowNumbers[], count: number): Place[] {
  const places = windows.flatMap(({ kl }, window) =>
    Array.from(kl, (value, position) => ({ window, position, value })).filter(({ value }) => value > 0),
  );
  places.sort((one, other) => other.value - one.value);
  return places.slice(0, count).map(({ window, position }) => ({ window, position }));
}
