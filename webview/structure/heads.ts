/**
 * Figure: which query heads share which KV head, once for each kind of layer. The colours are those of the explorer's groups.
 * Role: drawing. The places are headBlocks.ts; the sentence above each figure says the same for who cannot see it.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { CheckpointStructure, HeadLayout } from '../../src/protocol/structure';
import { element, watchWidth } from '../shared/dom';
import { paintGroups } from '../shared/groupLook';
import { describeHeads } from '../shared/headOrder';
import { panel } from '../shared/panel';
import { layoutHeadBlocks } from './headBlocks';
import { layoutSentence, layoutTitle } from './words';

export class HeadFigures {
  readonly element: HTMLElement;
  readonly #body = element('div', { class: 'head-layouts' });
  #structure: CheckpointStructure | null = null;
  #width = 0;

  constructor() {
    const title = element('span', {}, t('Query heads and their KV heads'));
    this.element = panel('heads', title, element('span'), this.#body);
    this.element.dataset.testid = 'heads';
    watchWidth(this.#body, (width) => {
      this.#width = width;
      this.#draw();
    });
  }

  show(structure: CheckpointStructure): void {
    this.#structure = structure;
    this.element.hidden = structure.layouts.length === 0;
    this.#draw();
  }

  #draw(): void {
    const structure = this.#structure;
    if (structure === null || this.#width === 0) return;
    this.#body.replaceChildren(
      ...structure.layouts.map((layout) =>
        element(
          'figure',
          { 'data-testid': 'head-layout' },
          element(
            'figcaption',
            {},
            element('b', {}, layoutTitle(layout, structure.summary)),
            ' ',
            element('span', { class: 'muted' }, layoutSentence(layout)),
          ),
          drawLayout(layout, this.#width),
        ),
      ),
    );
  }
}

function drawLayout(layout: HeadLayout, width: number): SVGSVGElement {
  const { radius, barHeight, height, heads, kvHeads } = layoutHeadBlocks(layout.groupOfHead, width);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const root = select(svg)
    .attr('class', 'head-blocks')
    .attr('width', width)
    .attr('height', height)
    .attr('role', 'img')
    .attr('aria-label', layoutSentence(layout));
  const bars = root
    .selectAll<SVGGElement, unknown>('g.kv')
    .data(kvHeads)
    .join('g')
    .attr('class', 'kv')
    .attr('data-testid', 'kv-head')
    .call(paintGroups, ({ group }: { group: number }) => group);
  bars.append('title').text(({ group, heads: own }) => t('KV {0}: read by Q {1}', group, describeHeads(own)));
  bars
    .append('rect')
    .attr('x', ({ x }) => x)
    .attr('y', ({ y }) => y)
    .attr('width', (bar) => bar.width)
    .attr('height', barHeight)
    .attr('rx', 3);
  bars
    .append('text')
    .attr('x', (bar) => bar.x + bar.width / 2)
    .attr('y', ({ y }) => y + barHeight / 2)
    .text((bar) => (bar.width > 34 ? `KV ${bar.group}` : String(bar.group)));
  const circles = root
    .selectAll<SVGGElement, unknown>('g.query')
    .data(heads)
    .join('g')
    .attr('class', 'query')
    .attr('data-testid', 'query-head')
    .attr('data-group', ({ group }) => group)
    .attr('transform', ({ x, y }) => `translate(${x},${y})`)
    .call(paintGroups, ({ group }: { group: number }) => group);
  circles.append('title').text(({ head, group }) => t('Query head {0} reads KV {1}', head, group));
  circles.append('circle').attr('r', radius);
  // Three digits have room in small print only.
  circles
    .append('text')
    .classed('small', ({ head }) => head >= 100)
    .text(({ head }) => head);
  return svg;
}
