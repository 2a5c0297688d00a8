/** Every way to give n heads G groups of equal size, numbered by their first head. */
export function divisions(n: number, G: number): number[][] {
  const result: number[][] = [];
  const extend = (groups: number[]): void => {
    if (groups.length === n) {
      result.push(groups);
      return;
    }
    const used = new Set(groups).size;
    for (let group = 0; group <= Math.min(used, G - 1); group++) {
      if (groups.filter((other) => other === group).length < n / G) extend([...groups, group]);
    }
  };
  extend([]);
  return result;
}
