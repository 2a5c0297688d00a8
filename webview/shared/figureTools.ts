/**
 * What every figure of a page can: be a table, become a file, be copied; by its menu, by the context menu, by commands.
 * Role: ties frames (panel.ts), menus, status lines, tables and files together. Where files go is the host's business.
 */
import { t } from '@vscode/l10n';
import type { FigureAction, FigureFocus, FigureHostApi, FigureInfo, FigureViewApi } from '../../src/protocol/figures';
import type { Figure, FigureNumbers, FigureOrigin } from './figure';
import { csvText, fileName, jsonText } from './figureFiles';
import { figureMenu } from './figureMenu';
import { FigureStatus } from './figureStatus';
import { FigureTable } from './figureTable';
import type { Remotely } from './remotely';
import { MenuButton } from './menu';
import { figureName, figureTitle } from './panel';
import { pngBytes, svgDocument } from './picture';
import { drawn, nextFrame } from './pictureWait';
import { placeContext } from './placeContext';

export interface FigureToolsOptions<View> {
  figures: readonly Figure<View>[];
  /** What a figure of the view is of. */
  origin(view: View, figure: string): FigureOrigin;
  host: Remotely<FigureHostApi>;
  /** A file could not be made or written. */
  failed(error: unknown): void;
  /** Another figure is a table now: worth keeping. */
  changed(): void;
  /** Chooses a group, a head or a token in the page; absent where it has none to choose. */
  focus?(on: FigureFocus): void;
  /** Names of the figures that are tables, as `tables` gave them; of any shape, for it was kept. */
  tables: unknown;
}

interface Tooled<View> {
  figure: Figure<View>;
  name: string;
  table: FigureTable;
  status: FigureStatus;
}

export class FigureTools<View> {
  readonly #options: FigureToolsOptions<View>;
  readonly #figures: Tooled<View>[];
  readonly #tables: Set<string>;
  #view: View | null = null;

  constructor(options: FigureToolsOptions<View>) {
    this.#options = options;
    this.#tables = new Set(
      Array.isArray(options.tables) ? options.tables.filter((name) => typeof name === 'string') : [],
    );
    this.#figures = options.figures.flatMap(withParts).map((figure) => this.#equip(figure));
    // Before the editor reads it, on the same event's way up.
    document.addEventListener('contextmenu', (event) => this.#tellContext(event), { capture: true });
  }

  /** Names of the figures that are tables. */
  get tables(): string[] {
    return [...this.#tables];
  }

  /** What the host may ask of the page. */
  get answers(): FigureViewApi {
    return { figures: () => this.#list(), figureAction: (id, action) => this.#act(id, action) };
  }

  /** Draws the tables. Called after the figures are drawn. */
  render(view: View): void {
    this.#view = view;
    for (const tooled of this.#figures) this.#draw(tooled);
  }

  #equip(figure: Figure<View>): Tooled<View> {
    const frame = figure.element;
    const name = figureName(frame);
    const table = new FigureTable(name);
    const status = new FigureStatus();
    const tooled: Tooled<View> = { figure, name, table, status };
    const menu = new MenuButton(name, t('Save and view'), () =>
      figureMenu(
        {
          hasNumbers: this.#numbers(tooled) !== null,
          isTable: this.#tables.has(name),
          isAlwaysTable: figure.isTable === true,
        },
        (action) => this.#act(name, action),
      ),
    );
    const head = frame.querySelector(':scope > .panel-head');
    head?.append(menu.element);
    head?.after(status.element, table.element);
    return tooled;
  }

  #list(): FigureInfo[] {
    return this.#figures
      .filter(({ figure }) => figure.element.checkVisibility())
      .map((tooled) => ({
        id: tooled.name,
        title: figureTitle(tooled.figure.element),
        hasNumbers: this.#numbers(tooled) !== null,
      }));
  }

  /** Writes on the frame what a context menu in it is about. */
  #tellContext({ target }: Event): void {
    const at = target instanceof Element ? target : null;
    const frame = at?.closest<HTMLElement>('[data-figure]');
    const tooled = this.#figures.find(({ figure }) => figure.element === frame);
    if (at === null || !frame || tooled === undefined) return;
    frame.dataset.vscodeContext = JSON.stringify({
      gqaLensFigure: tooled.name,
      gqaLensHasNumbers: this.#numbers(tooled) !== null,
      gqaLensIsTable: tooled.figure.isTable === true,
      ...(this.#options.focus === undefined ? {} : placeContext(at)),
      // Cut and paste mean nothing here; copying does where text is selected.
      preventDefaultContextMenuItems: getSelection()?.isCollapsed !== false,
    });
  }

  #act(name: string, action: FigureAction): void {
    const tooled = this.#figures.find((own) => own.name === name);
    if (tooled === undefined || this.#view === null) return;
    if (action.kind === 'table') this.#toggleTable(tooled);
    else if (action.kind === 'focus') this.#options.focus?.(action.on);
    else this.#makeFile(tooled, action, this.#view).catch((error: unknown) => this.#options.failed(error));
  }

  #toggleTable(tooled: Tooled<View>): void {
    if (tooled.figure.isTable === true) return;
    if (!this.#tables.delete(tooled.name)) this.#tables.add(tooled.name);
    this.#draw(tooled);
    this.#options.changed();
  }

  #draw(tooled: Tooled<View>): void {
    const isTable = this.#tables.has(tooled.name);
    tooled.figure.element.classList.toggle('as-table', isTable);
    tooled.table.element.hidden = !isTable;
    if (isTable) tooled.table.show(this.#numbers(tooled));
  }

  #numbers({ figure }: Tooled<View>): FigureNumbers | null {
    return this.#view === null ? null : figure.numbers(this.#view);
  }

  async #makeFile(
    tooled: Tooled<View>,
    action: Exclude<FigureAction, { kind: 'table' | 'focus' }>,
    view: View,
  ): Promise<void> {
    const { host } = this.#options;
    const origin = this.#options.origin(view, tooled.name);
    if (action.kind === 'save' && (action.ending === 'svg' || action.ending === 'png')) {
      const content = await this.#picture(tooled, action.ending, origin);
      await host.saveFigure({ name: fileName(tooled.name, origin), ending: action.ending, content });
      return;
    }
    const numbers = await this.#gather(tooled, view);
    if (numbers === null) return;
    if (action.kind === 'copy') {
      await host.copyText(csvText(numbers));
      tooled.status.tell(t('Copied.'));
    } else {
      const content = action.ending === 'csv' ? csvText(numbers) : jsonText(numbers, origin);
      await host.saveFigure({ name: fileName(tooled.name, origin), ending: action.ending, content });
    }
  }

  /** All numbers of a figure; null when the user stopped it. */
  async #gather({ figure, status }: Tooled<View>, view: View): Promise<FigureNumbers | null> {
    const gather = figure.gather?.bind(figure);
    return gather === undefined ? figure.numbers(view) : status.gather((gathering) => gather(view, gathering));
  }

  /** A picture is of the figure, also while its table is shown. */
  async #picture(tooled: Tooled<View>, ending: 'svg' | 'png', origin: FigureOrigin): Promise<string | Uint8Array> {
    const frame = tooled.figure.element;
    const isTable = this.#tables.has(tooled.name);
    if (isTable) {
      frame.classList.remove('as-table');
      tooled.table.element.hidden = true;
      // What follows its width draws in the frames after it has one.
      await nextFrame();
      await nextFrame();
    }
    const whole = tooled.figure.showWhole?.() ?? null;
    try {
      await drawn(frame, whole, () => tooled.status.say(t('Waiting for what the picture lacks…')));
      tooled.status.hide();
      const part = whole?.part() ?? null;
      const shown = part === null ? origin : { ...origin, part };
      return ending === 'svg' ? svgDocument(frame, shown) : await pngBytes(frame, shown);
    } finally {
      whole?.end();
      if (isTable) this.#draw(tooled);
    }
  }
}

function withParts<View>(figure: Figure<View>): Figure<View>[] {
  return [figure, ...(figure.parts ?? []).flatMap(withParts)];
}
