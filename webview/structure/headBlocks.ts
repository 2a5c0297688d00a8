/**
 * Where heads and KV heads of the layout figure lie. Pure geometry, in pixels. A group is a block: its query heads in rows,
 * under them the bar of the KV head that they read, as wide as they are. Blocks that do not fit wrap into bands.
 */

export interface HeadPlace {
  head: number;
  group: number;
  x: number;
  y: number;
}

export interface KvPlace {
  group: number;
  heads: number[];
  x: number;
  y: number;
  width: number;
}

export interface HeadBlocks {
  width: number;
  height: number;
  radius: number;
  barHeight: number;
  heads: HeadPlace[];
  kvHeads: KvPlace[];
}

const largestCell = 26;
const smallestCell = 19;
const gap = 8;
const barHeight = 15;
const stem = 5;
const bandGap = 10;

/**
 * Lays a layer's heads out.
 * @param groupOfHead [H] KV head of each query head
 * @param width pixels that there are
 */
export function layoutHeadBlocks(groupOfHead: readonly number[], width: number): HeadBlocks {
  const groups = Array.from({ length: Math.max(-1, ...groupOfHead) + 1 }, (): number[] => []);
  groupOfHead.forEach((group, head) => groups[group]?.push(head));
  const most = Math.max(1, ...groups.map(({ length }) => length));
  const cell = chooseCell(groups.length, groupOfHead.length, width);
  // One block may be wider than the page: its heads take several rows then.
  const columns = Math.max(1, Math.min(most, Math.floor((width - gap) / cell)));
  const blockWidth = columns * cell + gap;
  const perBand = Math.max(1, Math.floor((width + gap) / blockWidth));
  const rows = Math.ceil(most / columns);
  const bandHeight = rows * cell + stem + barHeight;
  const places: HeadBlocks = { width, height: 0, radius: cell / 2 - 1.5, barHeight, heads: [], kvHeads: [] };
  groups.forEach((heads, group) => {
    const left = (group % perBand) * blockWidth;
    const top = Math.floor(group / perBand) * (bandHeight + bandGap);
    heads.forEach((head, place) => {
      const x = left + ((place % columns) + 0.5) * cell;
      places.heads.push({ head, group, x, y: top + (Math.floor(place / columns) + 0.5) * cell });
    });
    const y = top + rows * cell + stem;
    places.kvHeads.push({ group, heads, x: left, y, width: Math.min(columns, Math.max(1, heads.length)) * cell });
    places.height = y + barHeight;
  });
  return places;
}

/** As large as lets all heads stand beside each other, within limits that keep the numbers in them legible. */
function chooseCell(G: number, H: number, width: number): number {
  return Math.max(smallestCell, Math.min(largestCell, Math.floor((width - G * gap) / Math.max(1, H))));
}
