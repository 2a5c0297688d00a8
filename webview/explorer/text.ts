/**
 * The text and who looks at what in it: tokens shaded by the attention that the hovered (or selected) token pays them,
 * in the hovered head, the hovered or chosen group, or over all groups.
 */
import { CODE_WEIGHTS } from '../shared/attentionCode';
import { element, groupColor } from '../shared/dom';
import { shortLabel } from '../shared/labels';
import { TextStrip } from '../shared/textStrip';
import type { ExplorerData } from './data';
import { panel } from './panel';
import {
  focusedGroup,
  focusedHead,
  focusedQuery,
  mapsRequest,
  shownGroups,
  shownRun,
  type Actions,
  type ExplorerView,
  type Figure,
} from './view';

export class Text implements Figure {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #note = element('span', { class: 'muted note' });
  readonly #hint = element('p', { class: 'hint' }, 'The tokens of your text appear here.');
  readonly #strip: TextStrip;
  readonly #data: ExplorerData;

  constructor(actions: Actions, data: ExplorerData) {
    this.#data = data;
    let selected: number | null = null;
    this.#strip = new TextStrip({
      hover: (query) => actions.hover({ query, key: null }),
      select: (token) => {
        selected = token === selected ? null : token;
        actions.choose({ token: selected });
      },
    });
    this.element = panel('text', this.#title, this.#note, this.#hint, this.#strip.element);
  }

  render(view: ExplorerView): void {
    const run = shownRun(view);
    this.#hint.hidden = run !== null;
    this.#strip.show(run?.tokens ?? []);
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    const query = focusedQuery(view);
    const group = focusedGroup(view);
    const head = focusedHead(view);
    const token = query === null ? undefined : shownRun(view)?.tokens[query];
    this.#title.textContent = token === undefined ? 'Text' : `Attention from “${shortLabel(token.text, 16)}”`;
    this.#note.textContent =
      token === undefined
        ? 'point at a token'
        : head !== null
          ? `Q${head}`
          : group !== null
            ? `KV ${group}`
            : 'mean of all heads';
    const groupOfHead = view.snapshot.grouping.groupOfHead[view.ui.layer] ?? [];
    const colored = head !== null ? (groupOfHead[head] ?? null) : group;
    this.#strip.mark({
      shade: query === null ? null : this.#shade(view, query, head, colored),
      color: colored === null ? 'var(--ink)' : groupColor(colored),
      selected: view.ui.token,
      hovered: [view.hover.query, view.hover.key].filter((place) => place !== null),
    });
  }

  /** [S] weights from `query` to every token, scaled so that the largest is 1; null while the maps are on their way. */
  #shade(view: ExplorerView, query: number, head: number | null, group: number | null): number[] | null {
    const S = shownRun(view)?.tokens.length ?? 0;
    const sum = new Float64Array(S);
    let found = false;
    shownGroups(view).forEach((heads, place) => {
      if (group !== null && place !== group) return;
      const request = mapsRequest(view, view.ui.layer, heads);
      const tile = request === null ? null : this.#data.maps.peek(request);
      if (tile === null || query >= tile.S) return;
      found = true;
      const codes = head === null ? tile.meanCodes : tile.codes.subarray(heads.indexOf(head) * S * S);
      for (let key = view.ui.hideFirstToken ? 1 : 0; key <= query; key++)
        sum[key] = (sum[key] ?? 0) + (CODE_WEIGHTS[codes[query * S + key] ?? 0] ?? 0);
    });
    const largest = Math.max(...sum);
    return found && largest > 0 ? Array.from(sum, (weight) => weight / largest) : null;
  }
}
