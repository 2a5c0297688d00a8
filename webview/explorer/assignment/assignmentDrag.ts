/**
 * Dragging heads: a ghost follows the pointer, what it is over is told, and a drop says where.
 * Role: the gesture, on d3-drag. What a drop means is the editor's business.
 */
import { drag, type D3DragEvent, type Selection } from 'd3';
import type { DropTarget, HeadPlace } from './assignmentLayout';

export interface DragEvents {
  /** What is at a place of the figure, in its pixels. */
  at(x: number, y: number): DropTarget | null;
  start(head: number): void;
  over(head: number, target: DropTarget | null): void;
  /** `target` is null when the drag was given up or ended nowhere. */
  drop(head: number, target: DropTarget | null): void;
}

type Heads = Selection<SVGGElement, HeadPlace, SVGGElement, unknown>;
type HeadDrag = D3DragEvent<SVGGElement, HeadPlace, HeadPlace>;

/** Pixels that a press may move and still be a click. */
const clickDistance = 4;

/** Makes heads draggable. @returns applies to a selection of heads, again after every drawing */
export function makeDraggable(svg: SVGSVGElement, events: DragEvents): (heads: Heads) => void {
  let moved = false;
  let ended = false;
  let ghost: SVGCircleElement | null = null;
  const giveUp = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    ended = true;
    clear();
  };
  const clear = (): void => {
    ghost?.remove();
    ghost = null;
    window.removeEventListener('keydown', giveUp, true);
  };
  const behaviour = drag<SVGGElement, HeadPlace>()
    .container(svg)
    .clickDistance(clickDistance)
    .on('start', () => {
      moved = false;
      ended = false;
    })
    .on('drag', function (this: SVGGElement, event: HeadDrag, place) {
      if (ended) return;
      if (!moved) {
        if (Math.hypot(event.x - place.x, event.y - place.y) <= clickDistance) return;
        moved = true;
        ghost = makeGhost(svg, this);
        window.addEventListener('keydown', giveUp, true);
        events.start(place.head);
      }
      ghost?.setAttribute('transform', `translate(${event.x},${event.y})`);
      events.over(place.head, events.at(event.x, event.y));
    })
    .on('end', (event: HeadDrag, place) => {
      clear();
      if (moved) events.drop(place.head, ended ? null : events.at(event.x, event.y));
    });
  return (heads) => void heads.call(behaviour);
}

/** A circle of the head's size and colour that takes no pointer events. */
function makeGhost(svg: SVGSVGElement, head: SVGGElement): SVGCircleElement {
  const ghost = svg.ownerDocument.createElementNS('http://www.w3.org/2000/svg', 'circle');
  ghost.setAttribute('class', 'ghost');
  ghost.setAttribute('r', head.querySelector('circle')?.getAttribute('r') ?? '12');
  ghost.style.setProperty('--group', head.style.getPropertyValue('--group'));
  svg.append(ghost);
  return ghost;
}
