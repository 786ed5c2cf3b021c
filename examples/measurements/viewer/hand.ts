import type { Ends, Point } from '../shared/length.ts';
import type { MeasuredImage } from './image.ts';

/** What the user does with the image. */
export interface Acts {
  /** Whether anything may be done. */
  mayAct(): boolean;
  /** Where a length has its ends. */
  endsOf(id: string): Ends | undefined;
  /** A new length is being drawn; `undefined` when it is no more. */
  drawing(ends: Ends | undefined): void;
  /** A new length was drawn. */
  drawn(ends: Ends): void;
  /** A length is being dragged. */
  dragged(id: string, ends: Ends): void;
  /** A length was clicked, or nothing. */
  clicked(id: string | undefined, isMore: boolean): void;
}

/** A shorter line is a click, in pixels. */
const SHORTEST = 6;

/** Tells what the pointer means on an image: a new length, an end that is moved, or a click. */
export function followHand(canvas: HTMLCanvasElement, image: MeasuredImage, acts: Acts): void {
  let start: Point | undefined;
  let held: { readonly id: string; readonly fixed: Point; readonly isFirst: boolean } | undefined;

  const pointOf = ({ clientX, clientY }: PointerEvent): Point => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const within = (at: number, most: number): number => Math.round(Math.max(0, Math.min(most - 1, at)));
    return [
      within(((clientX - left) / width) * canvas.width, canvas.width),
      within(((clientY - top) / height) * canvas.height, canvas.height),
    ];
  };
  const isFar = ([x, y]: Point): boolean => start !== undefined && Math.hypot(x - start[0], y - start[1]) >= SHORTEST;
  const heldEnds = (point: Point): Ends | undefined =>
    held && (held.isFirst ? [point, held.fixed] : [held.fixed, point]);

  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || !acts.mayAct()) return;
    canvas.setPointerCapture(event.pointerId);
    start = pointOf(event);
    const hit = image.at(start);
    const ends = hit && acts.endsOf(hit.id);
    held =
      hit?.end !== undefined && ends
        ? { id: hit.id, fixed: ends[1 - hit.end] as Point, isFirst: hit.end === 0 }
        : undefined;
  };
  canvas.onpointermove = (event) => {
    if (!start) return;
    const point = pointOf(event);
    if (!isFar(point)) return;
    const ends = heldEnds(point);
    if (held && ends) acts.dragged(held.id, ends);
    else acts.drawing([start, point]);
  };
  canvas.onpointerup = (event) => {
    if (!start) return;
    const point = pointOf(event);
    const [from, wasHeld, wasFar] = [start, held, isFar(point)];
    start = held = undefined;
    acts.drawing(undefined);
    if (!wasFar) acts.clicked(image.at(point)?.id, event.shiftKey || event.ctrlKey || event.metaKey);
    else if (!wasHeld && acts.mayAct()) acts.drawn([from, point]);
  };
  canvas.onpointercancel = () => {
    start = held = undefined;
    acts.drawing(undefined);
  };
}
