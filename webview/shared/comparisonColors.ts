/** The theme's two colours of comparisons, as the style sheet gives them now. */
import type { ComparisonColors } from './mapColors';

export function comparisonColors(): ComparisonColors {
  const style = getComputedStyle(document.body);
  return { less: style.getPropertyValue('--gqa-less').trim(), more: style.getPropertyValue('--gqa-more').trim() };
}
