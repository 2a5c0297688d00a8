/** Telling which figures are in sight. Role: asking the browser; what follows from it is followers.ts. */

/** Elements this near to the window count as in sight: scrolling shows none that has yet to follow. */
const NEAR = '200px';

/** Calls `changed` when the element of one comes into sight, or leaves it. */
export function watchSight<Item extends { readonly element: Element }>(
  items: readonly Item[],
  changed: (item: Item, isInSight: boolean) => void,
): void {
  const itemOf = new Map<Element, Item>(items.map((item) => [item.element, item]));
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const item = itemOf.get(target);
        if (item !== undefined) changed(item, isIntersecting);
      }
    },
    { rootMargin: NEAR },
  );
  for (const target of itemOf.keys()) observer.observe(target);
}
