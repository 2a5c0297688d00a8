/** The legend of the overview: what its bars or tints mean, and which end is good. */
import { t } from '@vscode/l10n';
import { element } from '../../shared/dom';
import { isDark } from '../../shared/theme';
import type { Density } from './overviewLayout';
import { tintOf, type OverviewScale } from './overviewScale';
import type { Statistic } from './statistics';

/** Fills the legend; hides it while there are no numbers. */
export function drawLegend(
  legend: HTMLElement,
  scale: OverviewScale | null,
  { statistic, good, density }: { statistic: Statistic; good: 'high' | 'low' | null; density: Density },
): void {
  legend.hidden = scale === null;
  if (scale === null) return;
  const isBar = density === 'pictures';
  const ramp = element('i', { class: isBar ? 'ramp plain' : 'ramp', 'aria-hidden': 'true' });
  if (!isBar) {
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => tintOf({ least: 0, largest: 1 }, share, isDark()).tint);
    ramp.style.setProperty('background', `linear-gradient(to right, ${stops.join(', ')})`);
  }
  const meaning = good === 'high' ? t('high is good') : good === 'low' ? t('low is good') : '';
  legend.replaceChildren(
    element('span', {}, statistic.format(isBar ? 0 : scale.least)),
    ramp,
    element('span', {}, statistic.format(isBar ? scale.most : scale.largest)),
    element('span', {}, [statistic.unit() === '%' ? '' : statistic.unit(), meaning].filter(Boolean).join(' · ')),
  );
}
