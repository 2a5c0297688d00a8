/** Colour scales of maps: fitting, ticks, pixel tables on dark and light backgrounds. */
import { rgb } from 'd3';
import { describe, expect, it } from 'vitest';
import {
  colorScales,
  fadedTable,
  fitScale,
  packColor,
  pixelTable,
  positionOnScale,
  scaleTicks,
  sequentialColor,
} from '../../../webview/shared/colorScale';
import { weightOfCode } from '../../../webview/shared/attentionCode';

function histogram(counts: Record<number, number>): Uint32Array {
  const made = new Uint32Array(256);
  for (const [code, count] of Object.entries(counts)) made[Number(code)] = count;
  return made;
}

describe('scales', () => {
  it('linear: from weight 0 to the largest weight', () => {
    const scale = fitScale(histogram({ 0: 50, 100: 40, 243: 1 }), 'linear');
    expect(positionOnScale(scale, 0)).toBe(0);
    expect(positionOnScale(scale, 0.25)).toBeCloseTo(0.5, 10);
    expect(positionOnScale(scale, 0.5)).toBe(1);
  });

  it('root: a quarter of the largest weight lies in the middle', () => {
    const scale = fitScale(histogram({ 0: 50, 100: 40, 243: 1 }), 'sqrt');
    expect(positionOnScale(scale, 0)).toBe(0);
    expect(positionOnScale(scale, 0.125)).toBeCloseTo(0.5, 10);
    expect(positionOnScale(scale, 0.5)).toBe(1);
    expect(scaleTicks(scale).map(({ position }) => position)).toEqual([0, 0.5, 1]);
  });

  it('log: even steps for even factors, outliers cut off', () => {
    const scale = fitScale(histogram({ 1: 1, 100: 500, 200: 500, 255: 1 }), 'log');
    expect(scale.low).toBeGreaterThan(1);
    expect(scale.high).toBe(200);
    const step = (code: number) => positionOnScale(scale, weightOfCode(code));
    expect(step(180) - step(168)).toBeCloseTo(step(168) - step(156), 10);
  });

  it('log: never spans less than a factor of 16, or noise would look like structure', () => {
    const scale = fitScale(histogram({ 200: 100, 201: 100 }), 'log');
    expect(scale.high - scale.low).toBeGreaterThanOrEqual(48);
  });

  it('an empty histogram gives a scale that can be drawn', () => {
    for (const kind of colorScales.map(({ value }) => value)) {
      const table = pixelTable(fitScale(new Uint32Array(256), kind), true);
      expect(table).toHaveLength(256);
      expect(table.every((pixel) => pixel >>> 24 === 255)).toBe(true);
    }
  });

  it('ticks lie on the ramp in order', () => {
    const ticks = scaleTicks(fitScale(histogram({ 60: 10, 120: 10, 250: 10 }), 'log'));
    expect(ticks.length).toBeGreaterThan(1);
    const positions = ticks.map((tick) => tick.position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(Math.min(...positions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...positions)).toBeLessThanOrEqual(1);
  });
});

describe('the ramp', () => {
  const lightness = (color: string) => {
    const { r, g, b } = rgb(color);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };

  it('gets lighter with the value on dark themes and darker on light ones', () => {
    const steps = Array.from({ length: 21 }, (_, step) => step / 20);
    const dark = steps.map((step) => lightness(sequentialColor(step, true)));
    const light = steps.map((step) => lightness(sequentialColor(step, false)));
    expect(dark.every((value, place) => place === 0 || value > (dark[place - 1] ?? 0))).toBe(true);
    expect(light.every((value, place) => place === 0 || value < (light[place - 1] ?? 0))).toBe(true);
  });

  it('packs pixels as ImageData wants them, and fades only their opacity', () => {
    expect([...new Uint8Array(Uint32Array.of(packColor('#102030', 1)).buffer)]).toEqual([16, 32, 48, 255]);
    const faded = fadedTable(Uint32Array.of(packColor('#102030', 1)), 0.2);
    expect([...new Uint8Array(faded.buffer)]).toEqual([16, 32, 48, 51]);
  });
});
