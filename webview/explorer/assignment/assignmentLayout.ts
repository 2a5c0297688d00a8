/**
 * Where heads, KV heads and links of the assignment figure lie. Pure geometry, in pixels.
 * Every group is a block: its query heads in one or more rows above, its box below. Blocks that do not fit beside each
 * other wrap into bands, so that 64 heads stay readable in a narrow panel.
 */

export interface HeadPlace {
  head: number;
  group: number;
  x: number;
  y: number;
  /** SVG path from the head down to what it reads. */
  link: string;
}

export interface SourcePlace {
  kvHead: number;
  group: number;
  x: number;
  y: number;
  link: string;
}

export interface GroupPlace {
  group: number;
  heads: number[];
  x: number;
  y: number;
  width: number;
  height: number;
  /** The group's part of the figure: its heads, links and box. */
  area: { left: number; top: number; right: number; bottom: number };
}

/** Where a dragged head may be dropped: on a group, or on a head of it. */
export interface DropTarget {
  group: number;
  head: number | null;
}

export interface AssignmentLayout {
  width: number;
  height: number;
  radius: number;
  heads: HeadPlace[];
  /** KV heads of the opened checkpoint; empty when each query head has its own. */
  sources: SourcePlace[];
  groups: GroupPlace[];
}

/** A group as the layout needs it. */
export interface GroupMembers {
  heads: number[];
  /** KV heads of the opened checkpoint that are pooled, with the query heads that read each; empty for MHA. */
  sources: { kvHead: number; heads: number[] }[];
}

const MAXIMUM_RADIUS = 18;
const MINIMUM_RADIUS = 10;
const GAP = 6;
const BOX_HEIGHT = 30;
const BOX_MINIMUM = 40;
const BOX_MAXIMUM = 168;
/** Links have room to bend; where groups wrap into bands they are shorter. */
const LINK_HEIGHT = 104;
const LINK_HEIGHT_IN_BANDS = 58;
/** Where every group has one head, links are straight. */
const LINK_HEIGHT_ALONE = 24;
const SOURCE_LINK_HEIGHT = 50;
const SOURCE_SIZE = 18;
/** Room above a row of heads for the number that stands there. */
const LABEL_HEIGHT = 18;
const BAND_GAP = 16;

/** Lays the figure out for a width. */
export function layoutAssignment(groups: readonly GroupMembers[], width: number): AssignmentLayout {
  const sizes = groups.map(({ heads }) => heads.length);
  const R = Math.max(1, ...sizes);
  const { rows, bands } = chooseBands(sizes, width);
  const columnsOf = (size: number): number => Math.ceil(Math.max(1, size) / rows);
  const blocks = placeBlocks(bands, (group) => leastWidth(sizes[group] ?? 0, rows), width);
  const cell = blocks.reduce(
    (least, block, group) => Math.min(least, (block.width - GAP) / columnsOf(sizes[group] ?? 0)),
    2 * MAXIMUM_RADIUS + 26,
  );
  const radius = Math.max(4, Math.min(MAXIMUM_RADIUS, cell / 2 - 2));
  const rowHeight = 2 * radius + LABEL_HEIGHT + 4;
  const hasSources = groups.some((group) => group.sources.length > 0);
  const isWrapped = bands.length > 1;
  const linkHeight =
    isWrapped && R === 1 ? LINK_HEIGHT_ALONE : isWrapped || hasSources ? LINK_HEIGHT_IN_BANDS : LINK_HEIGHT;
  const bandHeight = rows * rowHeight + linkHeight + BOX_HEIGHT + (hasSources ? SOURCE_LINK_HEIGHT + SOURCE_SIZE : 0);
  const layout: AssignmentLayout = { width, height: 0, radius, heads: [], sources: [], groups: [] };

  groups.forEach((members, group) => {
    const { band, left, width: blockWidth } = blocks[group] ?? { band: 0, left: 0, width };
    const columns = columnsOf(members.heads.length);
    const top = band * (bandHeight + BAND_GAP);
    const center = left + blockWidth / 2;
    const boxWidth = Math.min(blockWidth - GAP, Math.max(BOX_MINIMUM, Math.min(BOX_MAXIMUM, columns * cell * 0.8)));
    const boxTop = top + bandHeight - BOX_HEIGHT;
    layout.groups.push({
      group,
      heads: members.heads,
      x: center - boxWidth / 2,
      y: boxTop,
      width: boxWidth,
      height: BOX_HEIGHT,
      area: { left, top, right: left + blockWidth, bottom: boxTop + BOX_HEIGHT },
    });
    layout.height = Math.max(layout.height, boxTop + BOX_HEIGHT);

    const sourceTop = boxTop - SOURCE_LINK_HEIGHT - SOURCE_SIZE;
    const headX = new Map<number, number>();
    members.heads.forEach((head, place) => {
      const inRow = Math.min(columns, members.heads.length - Math.floor(place / columns) * columns);
      headX.set(head, center + ((place % columns) - (inRow - 1) / 2) * cell);
    });
    const sourceX = new Map(
      members.sources.map(({ kvHead, heads }) => {
        const mean = heads.reduce((sum, head) => sum + (headX.get(head) ?? center), 0) / Math.max(1, heads.length);
        return [kvHead, rows === 1 ? mean : center + (kvHead - middle(members.sources)) * (SOURCE_SIZE + GAP)] as const;
      }),
    );
    const spread = boxWidth * 0.5;
    for (const { kvHead } of members.sources) {
      const x = sourceX.get(kvHead) ?? center;
      const target = center + Math.max(-spread / 2, Math.min(spread / 2, (x - center) * 0.3));
      layout.sources.push({
        kvHead,
        group,
        x,
        y: sourceTop + SOURCE_SIZE / 2,
        link: verticalLink(x, sourceTop + SOURCE_SIZE, target, boxTop),
      });
    }
    members.heads.forEach((head, place) => {
      const row = Math.floor(place / columns);
      const x = headX.get(head) ?? center;
      const y = top + row * rowHeight + LABEL_HEIGHT + radius;
      const source = members.sources.find(({ heads }) => heads.includes(head));
      const endX = source === undefined ? center + (x - center) * 0.14 : (sourceX.get(source.kvHead) ?? center);
      layout.heads.push({
        head,
        group,
        x,
        y,
        link: verticalLink(x, y + radius, endX, source === undefined ? boxTop : sourceTop),
      });
    });
  });
  return layout;
}

/** What lies at a place: the nearest head within its circle, and the group whose part of the figure it is. */
export function dropTargetAt({ heads, groups, radius }: AssignmentLayout, x: number, y: number): DropTarget | null {
  const head = heads.find((place) => Math.hypot(place.x - x, place.y - y) <= radius);
  if (head !== undefined) return { group: head.group, head: head.head };
  const group = groups.find(
    ({ area }) => x >= area.left && x < area.right && y >= area.top && y <= area.bottom + BAND_GAP,
  );
  return group === undefined ? null : { group: group.group, head: null };
}

const SMALLEST_CELL = 2 * MINIMUM_RADIUS + 4;

/** Pixels that a group's block needs at least, with its heads in some rows. */
function leastWidth(size: number, rows: number): number {
  return Math.max(BOX_MINIMUM + GAP, Math.ceil(size / rows) * SMALLEST_CELL + GAP);
}

/** The fewest rows of heads with which circles keep their size; blocks wrap into bands when no number of rows helps. */
function chooseBands(sizes: readonly number[], width: number): { rows: number; bands: number[][] } {
  const R = Math.max(1, ...sizes);
  const all = sizes.map((_, group) => group);
  const total = (groups: readonly number[], rows: number): number =>
    groups.reduce((sum, group) => sum + leastWidth(sizes[group] ?? 0, rows), 0);
  for (let rows = 1; rows <= Math.min(4, R); rows++) if (total(all, rows) <= width) return { rows, bands: [all] };
  const rows = Math.min(2, R);
  const fill = (most: number): number[][] => {
    const bands: number[][] = [];
    for (const group of all) {
      const band = bands.at(-1);
      if (band !== undefined && band.length < most && total([...band, group], rows) <= width) band.push(group);
      else bands.push([group]);
    }
    return bands;
  };
  const bands = fill(Infinity);
  // As many blocks in every band, where that takes no further band.
  const even = fill(Math.ceil(sizes.length / bands.length));
  return { rows, bands: even.length > bands.length ? bands : even };
}

/** Where blocks lie: one after the other, stretched so that the fullest band takes the whole width. */
function placeBlocks(
  bands: readonly number[][],
  least: (group: number) => number,
  width: number,
): { band: number; left: number; width: number }[] {
  const fullest = Math.max(1, ...bands.map((band) => band.reduce((sum, group) => sum + least(group), 0)));
  return bands.flatMap((groups, band) => {
    let left = 0;
    return groups.map((group) => {
      const block = { band, left, width: (least(group) * width) / fullest };
      left += block.width;
      return block;
    });
  });
}

function middle(sources: GroupMembers['sources']): number {
  return sources.reduce((sum, source) => sum + source.kvHead, 0) / Math.max(1, sources.length);
}

/** A smooth link that leaves and arrives vertically. */
function verticalLink(x0: number, y0: number, x1: number, y1: number): string {
  const half = (y0 + y1) / 2;
  return `M${round(x0)},${round(y0)}C${round(x0)},${round(half)} ${round(x1)},${round(half)} ${round(x1)},${round(y1)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
