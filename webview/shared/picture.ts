/**
 * A figure as a picture file: its frame drawn as SVG (pictureParts.ts), with a line below that says what it is of; a PNG is
 * that SVG drawn twice as large. Everything is in the file: colours of the theme, maps as they are drawn, no style sheet.
 */
import { t } from '@vscode/l10n';
import type { FigureOrigin } from './figure';
import { figureTitle } from './panel';
import { drawFrame } from './pictureParts';
import { svgElement } from './pictureSvg';

/** Pixels of a PNG for each of the screen: sharp when printed. */
const PNG_SCALE = 2;
const PADDING = 12;
const LINE = 15;
const FOOT_SIZE = 11;

interface Picture {
  svg: string;
  width: number;
  height: number;
}

/** The figure as an SVG document that any program shows as the page does. @param frame made by `panel` or `part` */
export function svgDocument(frame: HTMLElement, origin: FigureOrigin): string {
  return draw(frame, origin).svg;
}

/** The figure as a PNG of twice its size on the screen. */
export async function pngBytes(frame: HTMLElement, origin: FigureOrigin): Promise<Uint8Array> {
  const { svg, width, height } = draw(frame, origin);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * PNG_SCALE;
  canvas.height = height * PNG_SCALE;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error(t('The figure could not be drawn as a PNG.'));
  return new Uint8Array(await blob.arrayBuffer());
}

function draw(frame: HTMLElement, origin: FigureOrigin): Picture {
  const { content, box } = drawFrame(frame);
  const style = getComputedStyle(document.body);
  const font = `${FOOT_SIZE}px ${style.fontFamily}`;
  const lines = wrap(describeOrigin(origin), box.width, font);
  const width = Math.ceil(box.width) + 2 * PADDING;
  const height = Math.ceil(box.height) + 2 * PADDING + lines.length * LINE + 4;
  const foot = lines.map((line, place) =>
    svgElement(
      'text',
      {
        ...{ x: box.x, y: box.y + box.height + 4 + (place + 1) * LINE, 'font-size': FOOT_SIZE },
        ...{ 'font-family': style.fontFamily, fill: getComputedStyle(frame).color, 'fill-opacity': 0.75 },
      },
      line,
    ),
  );
  const svg = svgElement(
    'svg',
    {
      ...{ width, height, viewBox: `${box.x - PADDING} ${box.y - PADDING} ${width} ${height}` },
      'xml:space': 'preserve',
    },
    svgElement('title', {}, `${origin.model}: ${figureTitle(frame)}`),
    svgElement('rect', {
      ...{ x: box.x - PADDING, y: box.y - PADDING, width, height },
      fill: style.backgroundColor,
    }),
    content,
    ...foot,
  );
  return { svg: new XMLSerializer().serializeToString(svg), width, height };
}

/** One truth in every file: model, layer, conversion, adapter and types, then the text. */
function describeOrigin({ model, shape, text, layer, conversion, adapter, dtype, part }: FigureOrigin): string {
  return [
    `${model} (${shape})`,
    layer,
    conversion,
    adapter,
    dtype,
    part ?? null,
    text === null ? null : t('text: {0}', text.replace(/\s+/g, ' ').trim()),
  ]
    .filter((fact) => fact !== null)
    .join(' · ');
}

/** Lines no wider than `width` pixels; of a long text the beginning. */
function wrap(text: string, width: number, font: string): string[] {
  const MOST_LINES = 4;
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return [text];
  context.font = font;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || context.measureText(longer).width <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1] ?? ''} …`];
}
