/** The lines that the browser has laid a text out in. It reads the page and changes nothing. */

export interface TextLine {
  content: string;
  box: DOMRect;
}

/** A text as the lines that it was laid out in. White space that is not shown has no width. */
export function linesOf(text: Text): TextLine[] {
  const range = document.createRange();
  range.selectNodeContents(text);
  const whole = range.getClientRects();
  const [only] = whole;
  if (only === undefined) return [];
  if (whole.length === 1 && !/^\s|\s\s|\n/.test(text.data)) return [{ content: text.data, box: only }];
  const lines: TextLine[] = [];
  for (let place = 0; place < text.length; place++) {
    range.setStart(text, place);
    range.setEnd(text, place + 1);
    const box = range.getBoundingClientRect();
    const last = lines.at(-1);
    const character = /\s/.test(text.data.charAt(place)) ? ' ' : text.data.charAt(place);
    if (box.width === 0 && (character === ' ' || last === undefined)) continue;
    // Programs differ in what they make of a space at the beginning: the line starts after it.
    if (character === ' ' && (last === undefined || Math.abs(box.top - last.box.top) >= 1)) continue;
    if (last !== undefined && (box.width === 0 || Math.abs(box.top - last.box.top) < 1)) {
      last.content += character;
      last.box = new DOMRect(last.box.x, last.box.y, Math.max(last.box.right, box.right) - last.box.x, last.box.height);
    } else lines.push({ content: character, box });
  }
  return lines;
}
