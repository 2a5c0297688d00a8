/** The points of the sweep's plot as arrow keys know them: their names, and the way from one to the next. Pure. */
import { t } from '@vscode/l10n';
import type { DrawnLine, Point } from './lines';
import type { Scales } from './plotScales';

export interface PlacedPoint extends Point {
  /** Key of its line, or "original". */
  line: string;
  /** -1 is the original. */
  merge: number;
  title: string;
}

/** All points, the original's first. */
export function placePoints(start: readonly Point[], lines: readonly DrawnLine[]): PlacedPoint[] {
  const converted = lines.flatMap((line) =>
    line.points
      .filter(({ row }) => row.merge !== null)
      .map((point) => ({ ...point, line: line.key, merge: line.merge, title: line.title })),
  );
  return [...start.map((point) => ({ ...point, line: 'original', merge: -1, title: t('Original') })), ...converted];
}

/** Names a point; it has no quotes, which would end an attribute's value in a selector. */
export function pointKey({ line, row }: PlacedPoint): string {
  return `${line}/${row.G}`;
}

/**
 * Where an arrow key leads: left and right along the line, up and down to the nearest value of the same number of KV heads.
 * Null for other keys, and at the end.
 */
export function neighbour<P extends Pick<PlacedPoint, 'x' | 'y' | 'line'>>(
  key: string,
  from: P,
  points: readonly P[],
  { x, y }: Scales,
): P | null {
  const across = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const up = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (across === undefined && up === undefined) return null;
  const distance = (point: P): number => {
    const [dx, dy] = [x(point.x) - x(from.x), y(point.y) - y(from.y)];
    const forward = across === undefined ? dy * (up ?? 0) : dx * across;
    if (point === from || forward <= 0) return Infinity;
    if (across === undefined) return Math.abs(dx) > 1 ? Infinity : forward;
    const isAlong = point.line === from.line || point.line === 'original' || from.line === 'original';
    return isAlong ? forward * 1e4 + Math.abs(dy) : Infinity;
  };
  const nearest = points.reduce<P | null>(
    (best, point) => (distance(point) < (best === null ? Infinity : distance(best)) ? point : best),
    null,
  );
  return nearest;
}
