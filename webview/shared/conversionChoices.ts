/**
 * The choice of a conversion: how many KV heads, which share, what they become, and on which text that is solved; below it
 * in one line what the choice means and what it was solved on.
 * Role: form controls of the header. What methods there are is in the registries.
 */
import { t } from '@vscode/l10n';
import { usualCalibration, type CalibrationText, type ConversionRequest } from '../../src/protocol/conversion';
import type { MethodInfo, Registries } from '../../src/protocol/methods';
import type { ModelSummary } from '../../src/protocol/model';
import type { RunSummary } from '../../src/protocol/runs';
import type { GpuState } from '../../src/protocol/views';
import { Picker, type Choice } from './controls';
import { element } from './dom';
import { calibrationWords } from './textNames';
import { formatInteger } from '../../src/protocol/numbers';

export interface ConversionEvents {
  convert(conversion: ConversionRequest): void;
  /** The user wants to pick a text file. */
  chooseCalibration(): void;
}

/** The parts of a snapshot that the choice shows. */
export interface ConversionContent {
  model: ModelSummary;
  registries: Registries;
  conversion: ConversionRequest;
  gpu: GpuState | null;
  /** The run under the conversion, which tells what that was solved on and had to do otherwise; null before it. */
  converted: Pick<RunSummary, 'calibration' | 'notes'> | null;
  /** The side of the comparison that it is. */
  side?: string;
}

/** Values of the text picker that are no path. */
const bundled = '';
const choose = '\0choose';
/** Tokens of a text that can be chosen. */
const tokenChoices = [2048, usualCalibration.tokens, 32_768];

export class ConversionChoices {
  /** The pickers, in the order of the questions. */
  readonly elements: readonly HTMLElement[];
  /** What the choice means. */
  readonly note = element('p', { class: 'choice-note muted', 'data-testid': 'conversion-note' });
  readonly #events: ConversionEvents;
  readonly #groups: Picker;
  readonly #grouping: Picker;
  readonly #merge: Picker;
  readonly #text: Picker;
  readonly #tokens: Picker;
  #content: ConversionContent | null = null;

  /** @param prefix of test ids, where a page has several choices */
  constructor(events: ConversionEvents, prefix = '') {
    this.#events = events;
    const hint = t('Number of KV heads after pooling');
    this.#groups = new Picker(
      `${prefix}groups-picker`,
      t('KV heads'),
      (value) => this.#convert({ G: Number(value) }),
      hint,
    );
    this.#grouping = new Picker(`${prefix}grouping-picker`, t('Grouping'), (value) =>
      this.#convert({ grouping: value }),
    );
    this.#merge = new Picker(`${prefix}merge-picker`, t('Merge'), (value) => this.#convert({ merge: value }));
    this.#text = new Picker(`${prefix}calibration-picker`, t('Solved on'), (value) => this.#setText(value));
    this.#tokens = new Picker(`${prefix}calibration-tokens-picker`, t('Tokens'), (value) =>
      this.#calibrate({ tokens: Number(value) }),
    );
    this.elements = [this.#groups, this.#grouping, this.#merge, this.#text, this.#tokens].map(
      (picker) => picker.element,
    );
  }

  show(content: ConversionContent): void {
    this.#content = content;
    const { model, registries, conversion } = content;
    const changes = conversion.G !== model.G;
    this.#groups.show(
      // Groups made by hand need not divide the number of heads.
      [...new Set([...model.groupChoices, conversion.G])]
        .sort((a, b) => b - a)
        .map((G) => ({ value: String(G), title: describeGroups(G, model) })),
      String(conversion.G),
    );
    const groupings = registries.groupings.filter(
      ({ id, needsAssignment }) => needsAssignment !== true || id === conversion.grouping,
    );
    this.#grouping.show(methodChoices(groupings, content), conversion.grouping);
    this.#merge.show(methodChoices(registries.merges, content), conversion.merge);
    this.#grouping.select.disabled = this.#merge.select.disabled = !changes;
    this.#showText(content, changes);
    this.#showNote(content, changes);
  }

  #showText({ conversion, registries }: ConversionContent, changes: boolean): void {
    const isNeeded = changes && chosenMethods(conversion, registries).some(({ needsText }) => needsText === true);
    this.#text.element.hidden = this.#tokens.element.hidden = !isNeeded;
    if (!isNeeded) return;
    const { file, tokens } = conversion.calibration ?? usualCalibration;
    this.#text.show(
      [
        { value: bundled, title: t('Bundled excerpt'), description: t('English novels in the public domain') },
        ...(file === null ? [] : [{ value: file, title: baseName(file), description: file }]),
        { value: choose, title: t('Choose a file…') },
      ],
      file ?? bundled,
    );
    this.#tokens.show(
      [...new Set([...tokenChoices, tokens])]
        .sort((a, b) => a - b)
        .map((count) => ({ value: String(count), title: formatInteger(count) })),
      String(tokens),
    );
  }

  #showNote({ conversion, registries, converted, side }: ConversionContent, changes: boolean): void {
    this.note.hidden = !changes;
    if (!changes) return;
    const lines = chosenMethods(conversion, registries).map(({ title, description }) =>
      element('span', {}, element('b', {}, `${title}:`), ` ${description}`),
    );
    if (side !== undefined) lines.unshift(element('b', {}, side));
    if (typeof converted?.calibration === 'string') {
      lines.push(
        element('span', { 'data-testid': 'solved-on' }, t('Solved on {0}.', calibrationWords(converted.calibration))),
      );
    }
    for (const note of converted?.notes ?? []) lines.push(element('span', { class: 'notice' }, note));
    this.note.replaceChildren(...lines);
  }

  #setText(value: string): void {
    if (value !== choose) {
      this.#calibrate({ file: value === bundled ? null : value });
      return;
    }
    // The user may leave the dialog: until then the choice is the old one.
    if (this.#content !== null) this.show(this.#content);
    this.#events.chooseCalibration();
  }

  #calibrate(change: Partial<CalibrationText>): void {
    if (this.#content === null) return;
    this.#convert({ calibration: { ...(this.#content.conversion.calibration ?? usualCalibration), ...change } });
  }

  #convert(change: Partial<ConversionRequest>): void {
    if (this.#content !== null) this.#events.convert({ ...this.#content.conversion, ...change });
  }
}

function chosenMethods({ grouping, merge }: ConversionRequest, { groupings, merges }: Registries): MethodInfo[] {
  return [...groupings.filter(({ id }) => id === grouping), ...merges.filter(({ id }) => id === merge)];
}

/** Methods as choices: those that need a text stand together, and cannot be chosen where nothing can be solved. */
function methodChoices(methods: readonly MethodInfo[], { model, gpu }: ConversionContent): Choice[] {
  const problem = !model.hasTokenizer
    ? t('Needs a tokenizer.json')
    : gpu?.available === false
      ? t('Needs a GPU')
      : null;
  const someNeedText = methods.some(({ needsText }) => needsText === true);
  return methods.map(({ id, title, description, recommended, needsText = false }) => ({
    value: id,
    title: recommended === true ? t('{0} (recommended)', title) : title,
    description: needsText && problem !== null ? problem : description,
    disabled: needsText && problem !== null,
    ...(someNeedText ? { group: needsText ? t('Solved on a text') : t('Needs no text') } : {}),
  }));
}

function describeGroups(G: number, model: ModelSummary): string {
  if (G === model.G) return t('{0} (as opened)', G);
  return G === 1 ? '1 (MQA)' : String(G);
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
