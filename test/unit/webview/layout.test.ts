/** Geometry of the assignment and of the similarity matrix. */
import { describe, expect, it } from 'vitest';
import { layoutAssignment, type GroupMembers } from '../../../webview/explorer/assignment/assignmentLayout';
import { groupOrder, layoutMatrix, matrixScale } from '../../../webview/explorer/similarity/matrixLayout';

function contiguous(H: number, G: number): GroupMembers[] {
  const R = H / G;
  return Array.from({ length: G }, (_, group) => ({
    heads: Array.from({ length: R }, (_, member) => group * R + member),
    sources: [],
  }));
}

describe('the assignment', () => {
  const cases = [8, 32, 64].flatMap((H) =>
    [1, 2, 4, 8, 32].filter((G) => G <= H).flatMap((G) => [300, 460, 900].map((width) => ({ H, G, width }))),
  );

  it.each(cases)('keeps circles apart and inside: $H heads, $G groups, $width px', ({ H, G, width }) => {
    const { heads, groups, radius, height } = layoutAssignment(contiguous(H, G), width);
    expect(heads).toHaveLength(H);
    expect(groups).toHaveLength(G);
    for (const { x, y } of heads) {
      expect(x - radius).toBeGreaterThanOrEqual(0);
      expect(x + radius).toBeLessThanOrEqual(width);
      expect(y + radius).toBeLessThan(height);
    }
    for (const [place, one] of heads.entries()) {
      for (const other of heads.slice(place + 1)) {
        expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThanOrEqual(2 * radius);
      }
    }
  });

  it.each([300, 460, 900])('gives large groups more room than small ones, at %i px', (width) => {
    const sizes = [2, 2, 3, 14, 2, 3, 2, 4];
    let next = 0;
    const groups = sizes.map((size) => ({ heads: Array.from({ length: size }, () => next++), sources: [] }));
    const layout = layoutAssignment(groups, width);
    expect(layout.radius).toBeGreaterThanOrEqual(8);
    for (const [place, one] of layout.heads.entries()) {
      const { area } = layout.groups[one.group] ?? { area: { left: NaN, right: NaN } };
      expect(one.x - layout.radius).toBeGreaterThanOrEqual(area.left);
      expect(one.x + layout.radius).toBeLessThanOrEqual(area.right);
      for (const other of layout.heads.slice(place + 1)) {
        expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThanOrEqual(2 * layout.radius);
      }
    }
    const bands = new Set(layout.groups.map(({ y }) => y)).size;
    expect(bands).toBeLessThanOrEqual(width < 460 ? 3 : 1);
  });

  it('keeps 64 heads in 8 groups large enough for their numbers at 460 px', () => {
    expect(layoutAssignment(contiguous(64, 8), 460).radius).toBeGreaterThanOrEqual(8);
  });

  it('puts boxes of a band beside each other, below their heads, with links from circle to box', () => {
    const { heads, groups, radius } = layoutAssignment(contiguous(8, 2), 500);
    const [first, second] = groups;
    expect((first?.x ?? 0) + (first?.width ?? 0)).toBeLessThan(second?.x ?? 0);
    for (const head of heads) {
      const box = groups[head.group];
      const end = /([\d.]+),([\d.]+)$/.exec(head.link);
      expect(head.link.startsWith(`M${Math.round(head.x * 10) / 10},${Math.round((head.y + radius) * 10) / 10}C`)).toBe(
        true,
      );
      expect(Number(end?.[2])).toBeCloseTo(box?.y ?? 0, 1);
      expect(Number(end?.[1])).toBeGreaterThan(box?.x ?? 0);
      expect(Number(end?.[1])).toBeLessThan((box?.x ?? 0) + (box?.width ?? 0));
    }
  });

  it('shows the KV heads of an opened GQA checkpoint between heads and groups', () => {
    const groups: GroupMembers[] = [
      {
        heads: [0, 1, 2, 3],
        sources: [
          { kvHead: 0, heads: [0, 1] },
          { kvHead: 1, heads: [2, 3] },
        ],
      },
    ];
    const { heads, sources, groups: boxes } = layoutAssignment(groups, 300);
    expect(sources.map((source) => source.kvHead)).toEqual([0, 1]);
    const lowestHead = Math.max(...heads.map((head) => head.y));
    for (const source of sources) {
      expect(source.y).toBeGreaterThan(lowestHead);
      expect(source.y).toBeLessThan(boxes[0]?.y ?? 0);
    }
  });
});

describe('the similarity matrix', () => {
  it('orders heads by group and outlines each block', () => {
    const layout = layoutMatrix([1, 0, 1, 0], 200);
    expect(layout.order).toEqual([1, 3, 0, 2]);
    expect(layout.blocks.map((block) => block.group)).toEqual([0, 1]);
    const [first, second] = layout.blocks;
    expect((first?.start ?? 0) + (first?.size ?? 0)).toBeLessThan(second?.start ?? 0);
    expect((second?.start ?? 0) + (second?.size ?? 0)).toBeCloseTo(layout.size, 6);
  });

  it('takes another order, and outlines neighbours of a group only', () => {
    const layout = layoutMatrix([1, 0, 1, 0], 200, [0, 2, 1, 3]);
    expect(layout.order).toEqual([0, 2, 1, 3]);
    expect(layout.blocks.map((block) => block.group)).toEqual([1, 0]);
    const parted = layoutMatrix([1, 0, 1, 0], 200, [0, 1, 2, 3]);
    expect(parted.blocks.map((block) => block.group)).toEqual([1, 0, 1, 0]);
    expect(parted.offsets).toEqual([...parted.offsets].sort((a, b) => a - b));
    expect(parted.size).toBeLessThanOrEqual(200);
    expect(groupOrder([1, 0, 1, 0])).toEqual([1, 3, 0, 2]);
  });

  it('fits into what is available with 64 heads', () => {
    const layout = layoutMatrix(
      Array.from({ length: 64 }, (_, head) => Math.floor(head / 8)),
      240,
    );
    expect(layout.size).toBeLessThanOrEqual(240.001);
    expect(layout.cell).toBeGreaterThanOrEqual(1);
  });

  it('scales to the largest pair, not to the diagonal, and never blows up noise', () => {
    expect(matrixScale([1, 0.41, 0.41, 1], 2, 0.1, 'high')).toMatchObject({ low: 0, high: 0.45 });
    expect(matrixScale([1, 0.02, 0.02, 1], 2, 0.05, 'high')).toMatchObject({ low: 0, high: 0.3 });
    expect(matrixScale([1, 1, 1, 1], 2, 0.1, 'high').high).toBe(1);
  });

  it('starts above 0 where all pairs are far from it, with the floor on the scale', () => {
    const maps = matrixScale([1, 0.72, 0.72, 1], 2, 0.92, 'high');
    expect(maps).toMatchObject({ low: 0.6, high: 0.95 });
    expect(maps.position(0.92)).toBeGreaterThan(maps.position(0.72));
  });

  it('gives the colour of "most alike" to the smallest share that is left unexplained', () => {
    const shares = matrixScale([0, 0.05, 0.05, 0], 2, 0.4, 'low');
    expect(shares).toMatchObject({ low: 0, high: 0.4 });
    expect(shares.position(0)).toBe(1);
    expect(shares.position(0.05)).toBeGreaterThan(shares.position(0.4));
  });
});
