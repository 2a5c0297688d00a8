/**
 * Which query head reads which KV head, as text that diffs well: a line for each head, so that a head that has moved is one
 * changed line and both sides line up whatever their numbers of KV heads are. Pure.
 */
import type { GroupingView } from '../protocol/conversion';
import type { LayerView } from '../protocol/model';

/** @param title what the text is of, on its first line */
export function assignmentText(title: string, layers: readonly LayerView[], { groupOfHead }: GroupingView): string {
  const lines = layers.flatMap((layer, index) => {
    const groups = groupOfHead[index] ?? [];
    const count = new Set(groups).size;
    return [
      '',
      `${layer.title} · ${groups.length} query heads on ${count} KV head${count === 1 ? '' : 's'}`,
      ...groups.map((group, head) => `${layer.title} · Q${head} → KV ${group}`),
    ];
  });
  return `${[title, ...lines].join('\n')}\n`;
}
