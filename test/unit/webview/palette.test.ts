/** The colours of KV groups: contributed as they are drawn, and apart for every eye. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GROUP_COLORS, GROUP_RHYTHMS, paintGroup } from '../../../webview/shared/groupLook';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const css = read('webview/shared/palette.css');

/** Variable of VS Code → value where a theme has none, in the rule whose selector begins so. */
function fallbacks(selector: string): Map<string, string> {
  const rule = new RegExp(`^${selector}[^{]*\\{([^}]*)\\}`, 'm').exec(css)?.[1] ?? '';
  return new Map(
    Array.from(rule.matchAll(/var\(--vscode-gqaLens-(\w+), (#[0-9a-f]{6})\)/g), ([, id = '', color = '']) => [
      id,
      color,
    ]),
  );
}

const dark = fallbacks('body ');
const light = fallbacks('body\\.vscode-light');
const groupColors = (palette: Map<string, string>): string[] =>
  Array.from({ length: GROUP_COLORS }, (_, group) => palette.get(`group${group}`) ?? 'none');

describe('contributed colours', () => {
  const { contributes } = JSON.parse(read('package.json')) as {
    contributes: { colors: { id: string; description: string; defaults: Record<string, string> }[] };
  };
  const words = JSON.parse(read('package.nls.json')) as Record<string, string>;

  it('are those that the views draw with, in every kind of theme', () => {
    const contributed = contributes.colors.map(({ id, defaults }) => ({ id, defaults }));
    expect(contributed).toEqual(
      [...dark].map(([id, color]) => ({
        id: `gqaLens.${id}`,
        defaults: { dark: color, light: light.get(id), highContrast: color, highContrastLight: light.get(id) },
      })),
    );
    expect([...light.keys()]).toEqual([...dark.keys()]);
    expect(groupColors(dark)).not.toContain('none');
  });

  it('are described', () => {
    for (const { description } of contributes.colors)
      expect(words[description.replaceAll('%', '')]).toMatch(/^GQA Lens/);
  });
});

/** Machado, Oliveira & Fernandes 2009, severity 1: what eyes without one kind of cone see, on linear RGB. */
const eyes: Record<string, number[]> = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};
/** Ottosson 2020: linear sRGB to cone responses, and their cube roots to OKLab. */
const toCones = [
  0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982, 0.6806995451, 0.1073969566, 0.0883024619, 0.2817188376,
  0.6299787005,
];
const toLab = [
  0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099, 0.0259040371, 0.7827717662,
  -0.808675766,
];

function times(matrix: readonly number[], vector: readonly number[]): number[] {
  return [0, 3, 6].map((row) => vector.reduce((sum, value, column) => sum + (matrix[row + column] ?? 0) * value, 0));
}

function oklab(color: string, eye: readonly number[]): number[] {
  const linear = [1, 3, 5].map((place) => {
    const value = parseInt(color.slice(place, place + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const seen = times(eye, linear).map((value) => Math.min(1, Math.max(0, value)));
  return times(toLab, times(toCones, seen).map(Math.cbrt));
}

/** The least OKLab distance of two of some colours. */
function closest(colors: readonly string[], eye: readonly number[]): number {
  const labs = colors.map((color) => oklab(color, eye));
  const distances = labs.flatMap((one, place) =>
    labs.slice(place + 1).map((other) => Math.hypot(...one.map((value, axis) => value - (other[axis] ?? 0)))),
  );
  return Math.min(...distances);
}

describe('group colours', () => {
  it('simulate eyes as published', () => {
    // White stays white for everybody, and red and green of the same lightness meet for deutans.
    for (const eye of Object.values(eyes)) expect(Math.hypot(...oklab('#ffffff', eye).slice(1))).toBeLessThan(0.01);
    const pair = ['#b04a3a', '#5f7030'];
    expect(closest(pair, eyes.deutan ?? [])).toBeLessThan(0.4 * closest(pair, eyes.normal ?? []));
  });

  // A just noticeable difference is about 0.02.
  it.each(
    Object.entries({ dark, light }).flatMap(([theme, palette]) =>
      Object.keys(eyes).map((eye) => ({ theme, palette, eye })),
    ),
  )('stay apart: $theme, $eye', ({ palette, eye }) => {
    const distance = closest(groupColors(palette), eyes[eye] ?? []);
    expect(distance).toBeGreaterThan(eye === 'normal' ? 0.1 : 0.05);
  });

  it('are told apart by rhythm where they repeat', () => {
    const looks = Array.from({ length: GROUP_COLORS * GROUP_RHYTHMS }, (_, group) => {
      const set: string[] = [];
      paintGroup({ style: { setProperty: (_name: string, value: string) => set.push(value) } }, group);
      return set.map((value) => valueOf(value)).join(' | ');
    });
    expect(new Set(looks).size).toBe(looks.length);
    expect(looks.join(' ')).not.toContain('undefined');
  });
});

/** What palette.css says a variable is. */
function valueOf(reference: string): string {
  const name = /^var\((--[\w-]+)\)$/.exec(reference)?.[1] ?? reference;
  return new RegExp(`${name}: ([^;]+);`).exec(css)?.[1] ?? 'undefined';
}
