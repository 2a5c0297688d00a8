/**
 * The top of both views: what model, which text, Run, the conversion, Export; and below it what went wrong.
 * Role: form controls and banners. What a run shows is the figures' business.
 */
import { t } from '@vscode/l10n';
import type { ErrorValue } from '../../src/protocol/errors';
import { hasBothStacks } from '../../src/protocol/layers';
import type { Busy, GpuState } from '../../src/protocol/views';
import { problemBanner, ProgressBar } from './banners';
import { button, textBox } from './controls';
import type { GrowingText, PushButton } from './editorElements';
import { ConversionChoices, type ConversionContent, type ConversionEvents } from './conversionChoices';
import { element } from './dom';
import { formatInteger } from '../../src/protocol/numbers';

/** What stands in the text boxes; the second one is that of an encoder-decoder's decoder. */
export interface Texts {
  text: string;
  decoderText: string;
}

export interface HeaderEvents extends ConversionEvents {
  run(texts: Texts): void;
  cancel(): void;
  edited(): void;
  exportConversion(): void;
  saveReport(): void;
  diagnose(): void;
  dismissProblem(): void;
}

/** The parts of a snapshot that the header shows. */
export interface HeaderContent extends ConversionContent {
  busy: Busy | null;
  problem: ErrorValue | null;
  /** Nothing on the page is under the session's conversion: its choice is not shown. */
  withoutConversion?: boolean;
}

/** What stands at the top of a page. */
export type PageHeader = Pick<Header, 'element' | 'banners' | 'conversion' | 'texts' | 'take' | 'show'>;

export type MakeHeader = (...parts: ConstructorParameters<typeof Header>) => PageHeader;

export class Header {
  readonly element: HTMLElement;
  readonly banners = element('div', { class: 'banners' });
  readonly #events: HeaderEvents;
  readonly #name = element('h1');
  readonly #shape = element('span', { class: 'muted' });
  readonly #text: GrowingText;
  readonly #decoderText: GrowingText;
  readonly #run: PushButton;
  readonly #choices: ConversionChoices;
  readonly #export: PushButton;
  readonly #report: PushButton;
  readonly #progress = new ProgressBar(t('Run'));
  #content: HeaderContent | null = null;

  /** The choice of the session's conversion: a view may move it. */
  readonly conversion: HTMLElement;

  /**
   * @param extra a button of the view, e.g. "Compare MHA and GQA"
   * @param before what the view puts before the choice of the conversion
   * @param notes what the view's own choices mean, below what that of the conversion means
   */
  constructor(
    events: HeaderEvents,
    extra: HTMLElement,
    before: readonly HTMLElement[] = [],
    notes: readonly HTMLElement[] = [],
  ) {
    this.#events = events;
    this.#text = this.#makeText('text-input', t('Sample text'), t('Type a text to run the model on…'));
    this.#decoderText = this.#makeText(
      'decoder-input',
      t('Text for the decoder'),
      t('Decoder: type what it should say, or leave it to the model to answer…'),
    );
    this.#run = button(
      t('Run'),
      { class: 'primary', 'data-testid': 'run', title: t('Run on this text (Ctrl+Enter or ⌘ Enter)') },
      () => this.#submit(),
    );
    this.#choices = new ConversionChoices(events);
    this.conversion = element('div', { class: 'conversion-choices' }, ...this.#choices.elements);
    this.#export = button(
      t('Export…'),
      { 'data-testid': 'export', title: t('Write the conversion as a folder that Hugging Face transformers loads') },
      () => events.exportConversion(),
    );
    this.#report = button(
      t('Report…'),
      { 'data-testid': 'report', title: t('Save what the panels show as one HTML file that works offline') },
      () => events.saveReport(),
    );
    this.element = element(
      'header',
      { class: 'header' },
      element('div', { class: 'identity' }, this.#name, this.#shape),
      element('div', { class: 'prompt' }, element('div', { class: 'texts' }, this.#text, this.#decoderText), this.#run),
      element('div', { class: 'choices' }, ...before, this.conversion, extra, this.#export, this.#report),
      this.#choices.note,
      ...notes,
      this.#progress.element,
    );
  }

  /** The texts as they stand in the boxes. */
  get texts(): Texts {
    return { text: this.#text.value, decoderText: this.#decoderText.value };
  }

  /** Puts those texts into the boxes that are others than before, e.g. restored ones or the editor's selection. */
  take(before: Texts | null, now: Texts): void {
    if (before?.text !== now.text) this.#text.value = now.text;
    if (before?.decoderText !== now.decoderText) this.#decoderText.value = now.decoderText;
  }

  show(content: HeaderContent): void {
    this.#content = content;
    const { model, conversion, busy } = content;
    this.#name.textContent = model.name;
    this.#name.title = model.path;
    const hasEncoder = hasBothStacks(model);
    this.#decoderText.hidden = !hasEncoder;
    const kvHeads = model.G === model.H ? '' : ` (${model.G} KV)`;
    const size = hasEncoder
      ? t('{0} attentions × {1} heads', model.L, model.H)
      : t('{0} layers × {1} heads', model.L, model.H);
    this.#shape.textContent = `${size}${kvHeads} · K ${model.K} · ${model.dtype.toLowerCase()}`;
    this.#shape.title = `${model.familyTitle} · ${t('{0} parameters', formatInteger(model.parameters))} · ${model.position}`;
    this.#choices.show(content);
    this.conversion.hidden = content.withoutConversion === true;
    this.#choices.note.hidden ||= this.conversion.hidden;
    this.#export.disabled = conversion.G === model.G;
    this.#report.disabled = content.gpu?.available === false || model.notRunnable !== null;
    this.#run.textContent = busy === null ? t('Run') : t('Cancel');
    this.#run.secondary = busy !== null;
    this.#run.disabled = busy === null && (content.gpu?.available === false || model.notRunnable !== null);
    this.#progress.show(busy);
    this.banners.replaceChildren(...this.#makeBanners(content));
  }

  #makeText(testId: string, label: string, placeholder: string): GrowingText {
    const box = textBox(testId, label, placeholder);
    box.addEventListener('input', () => this.#events.edited());
    box.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#submit();
    });
    return box;
  }

  #submit(): void {
    if (this.#content?.busy) this.#events.cancel();
    else if (!this.#run.disabled) this.#events.run(this.texts);
  }

  #makeBanners({ gpu, problem, model }: HeaderContent): HTMLElement[] {
    const banners: HTMLElement[] = [];
    if (problem !== null && problem.code !== 'cancelled') {
      banners.push(problemBanner(problem, () => this.#events.dismissProblem()));
    }
    if (model.notRunnable !== null) {
      banners.push(
        element(
          'div',
          { class: 'banner warning' },
          element('p', {}, t('This checkpoint cannot run: {0}', model.notRunnable)),
        ),
      );
    }
    if (gpu !== null && !gpu.available) banners.push(this.#gpuBanner(gpu));
    return banners;
  }

  #gpuBanner(gpu: GpuState): HTMLElement {
    const banner = element(
      'div',
      { class: 'banner warning', role: 'status', 'data-testid': 'gpu-banner' },
      element('p', {}, gpu.message),
    );
    const { command } = gpu;
    if (command !== null) {
      const copy = button(t('Copy'), {}, () => {
        void navigator.clipboard.writeText(command).then(() => (copy.textContent = t('Copied')));
      });
      banner.append(element('div', { class: 'command' }, element('code', {}, command), copy));
    }
    banner.append(
      element('p', { class: 'muted' }, t('Assignment and similarity need no GPU and are shown below.')),
      button(t('Show GPU diagnostics'), {}, () => this.#events.diagnose()),
    );
    return banner;
  }
}
