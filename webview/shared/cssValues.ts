/** Values of style sheets as browsers compute them, as far as our figures use them: shadows, gradients, colours. Pure. */

/** Shadows without blur and offset: rings around a box, inner ones last. */
export function rings(shadow: string): { spread: number; color: string }[] {
  if (shadow === 'none') return [];
  return shadow
    .split(/,\s*(?![^()]*\))/)
    .flatMap((one) => {
      const parts = /^(.*?) 0px 0px 0px ([\d.]+)px$/.exec(one);
      return parts === null ? [] : [{ color: parts[1] ?? '', spread: Number(parts[2]) }];
    })
    .reverse();
}

/** Shadows within a box that are bars at its lower edge. */
export function bottomBars(shadow: string): { color: string; height: number }[] {
  return shadow.split(/,\s*(?![^()]*\))/).flatMap((one) => {
    const parts = /^(.*?) 0px -([\d.]+)px 0px 0px inset$/.exec(one);
    return parts === null ? [] : [{ color: parts[1] ?? '', height: Number(parts[2]) }];
  });
}

/** Whether a colour is not fully seen through. */
export function isSeen(color: string): boolean {
  return color !== '' && color !== 'transparent' && !/^rgba\(.*, 0\)$|\/ 0\)$/.test(color);
}

/** The stops of a gradient from left to right, offsets from 0 to 1; null where an image is no such gradient. */
export function gradientStops(image: string): { offset: number; color: string }[] | null {
  const inner = /^linear-gradient\((?:to right|90deg), (.*)\)$/.exec(image)?.[1];
  if (inner === undefined) return null;
  const parts = inner.split(/,\s*(?![^()]*\))/).map((part) => /^(.*?\)|[a-z]+)(?:\s+([\d.-]+)(?:%|px)?)?$/.exec(part));
  const places = parts.map((part, place) =>
    part?.[2] === undefined ? place / Math.max(1, parts.length - 1) : Number(part[2]) / 100,
  );
  // A stop before the one ahead of it begins where that ends, as in CSS.
  return parts.map((part, place) => ({
    offset: Math.max(...places.slice(0, place + 1)),
    color: part?.[1] ?? 'none',
  }));
}
