/**
 * The choice of both sides: the checkpoint as it is, a conversion of it, another checkpoint; and a button that exchanges
 * them. Role: form controls. The session's own conversion is chosen by the header's pickers, which stand at the side that
 * follows it; a side under a conversion of its own has pickers of its own.
 */
import { t } from '@vscode/l10n';
import type { ConversionRequest } from '../../src/protocol/conversion';
import type { DiffSnapshot } from '../../src/protocol/diffView';
import { sideIds, type DiffSide, type DiffSides, type SideId } from '../../src/protocol/sides';
import { button, Picker, type Choice } from '../shared/controls';
import { ConversionChoices } from '../shared/conversionChoices';
import { element } from '../shared/dom';

export interface SidesEvents {
  setSides(sides: DiffSides): void;
  chooseCheckpoint(side: SideId): void;
  chooseCalibration(side: SideId): void;
}

interface Part {
  element: HTMLElement;
  picker: Picker;
  /** Pickers of a conversion of this side's own. */
  own: ConversionChoices;
  ownElement: HTMLElement;
}

/** What a side is called beside its choices. */
export const sideName = (id: SideId): string => (id === 'a' ? t('A') : t('B'));

export class SidesBar {
  /** In the order in which they stand. */
  readonly elements: readonly HTMLElement[];
  /** What the sides' own conversions mean. */
  readonly notes: readonly HTMLElement[];
  readonly #events: SidesEvents;
  readonly #parts: Record<SideId, Part>;
  #snapshot: DiffSnapshot | null = null;

  constructor(events: SidesEvents) {
    this.#events = events;
    this.#parts = { a: this.#makePart('a'), b: this.#makePart('b') };
    const hint = t('Exchange both sides: what is measured against which');
    const swap = button('⇄', { 'data-testid': 'swap-sides', title: hint, 'aria-label': hint }, () => {
      const sides = this.#snapshot?.state.sides;
      if (sides !== undefined) events.setSides({ a: sides.b, b: sides.a });
    });
    this.elements = [this.#parts.a.element, swap, this.#parts.b.element];
    this.notes = sideIds.map((id) => this.#parts[id].own.note);
  }

  /** @param shared the header's pickers of the session's conversion: put at the side that follows it */
  show(snapshot: DiffSnapshot, shared: HTMLElement): void {
    this.#snapshot = snapshot;
    const { sides } = snapshot.state;
    for (const id of sideIds) {
      const { picker, own, ownElement } = this.#parts[id];
      const side = sides[id];
      picker.show(choicesOf(snapshot, id), valueOf(side));
      ownElement.hidden = own.note.hidden = side.kind !== 'conversion';
      const { model, registries, gpu, compare } = snapshot;
      if (side.kind === 'conversion') {
        own.show({
          model,
          registries,
          gpu,
          conversion: side.conversion,
          converted: compare?.[id] ?? null,
          side: sideName(id),
        });
      }
    }
    const following = sideIds.find((id) => sides[id].kind === 'converted');
    const place = this.#parts[following ?? 'b'].element;
    if (shared.parentElement !== place) place.append(shared);
  }

  #makePart(id: SideId): Part {
    const name = sideName(id);
    const hint =
      id === 'a' ? t('The side that the other is measured against') : t('The side that is measured against the other');
    const picker = new Picker(`side-${id}`, name, (value) => this.#choose(id, value), hint);
    const own = new ConversionChoices(
      {
        convert: (conversion) => this.#set(id, { kind: 'conversion', conversion }),
        chooseCalibration: () => this.#events.chooseCalibration(id),
      },
      `${id}-`,
    );
    const ownElement = element('div', { class: 'conversion-choices', hidden: true }, ...own.elements);
    const part = element('div', { class: 'side', role: 'group', 'aria-label': name }, picker.element, ownElement);
    return { element: part, picker, own, ownElement };
  }

  #choose(id: SideId, value: string): void {
    if (this.#snapshot === null) return;
    const { sides, conversion } = this.#snapshot.state;
    if (value === 'opened') this.#set(id, { kind: 'opened' });
    else if (value === 'conversion') this.#set(id, conversionSide(sides[id === 'a' ? 'b' : 'a'], conversion));
    else if (value === 'choose') {
      // The user may leave the dialog: until then the choice is the old one.
      this.#parts[id].picker.show(choicesOf(this.#snapshot, id), valueOf(sides[id]));
      this.#events.chooseCheckpoint(id);
    }
  }

  #set(id: SideId, side: DiffSide): void {
    if (this.#snapshot !== null) this.#events.setSides({ ...this.#snapshot.state.sides, [id]: side });
  }
}

/** One side follows the session's conversion; the other then gets one of its own, which begins as the same. */
function conversionSide(other: DiffSide, conversion: ConversionRequest): DiffSide {
  return other.kind === 'converted' ? { kind: 'conversion', conversion } : { kind: 'converted' };
}

function valueOf({ kind }: DiffSide): string {
  return kind === 'converted' ? 'conversion' : kind;
}

function choicesOf({ model, sides }: DiffSnapshot, id: SideId): Choice[] {
  const { side, model: own } = sides[id];
  const other = side.kind === 'checkpoint' ? side.path : null;
  return [
    { value: 'opened', title: t('Original'), description: t('{0} as it is', model.name) },
    {
      value: 'conversion',
      title: t('Conversion'),
      description: t('{0} with fewer KV heads', model.name),
      disabled: model.groupChoices.length < 2,
    },
    ...(other === null
      ? []
      : [{ value: 'checkpoint', title: own?.name ?? other.split(/[\\/]/).at(-1) ?? other, description: other }]),
    { value: 'choose', title: t('Another checkpoint…'), description: t('One with the same tokenizer') },
  ];
}
