import { drawPhantom } from '../../web-app/viewer/phantom.ts';
import type { Ends, Point } from '../shared/length.ts';

/** A length on the image. */
export interface DrawnLength {
  readonly id: string;
  readonly ends: Ends;
  readonly text: string;
  readonly isSelected: boolean;
}

/** What of the image is under a point. */
export interface Hit {
  readonly id: string;
  /** Which end; `undefined` for what is between them. */
  readonly end: 0 | 1 | undefined;
}

/** How near is on it, in pixels. */
const NEAR = 9;
const COLOUR = '#7fe3ff';
const SELECTED = '#ffd95a';

/** The image of one patient at a time, with what is measured on it. */
export class MeasuredImage {
  readonly #canvas: HTMLCanvasElement;
  readonly #phantom = document.createElement('canvas');
  #patient: string | undefined;
  #lengths: readonly DrawnLength[] = [];

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    Object.assign(this.#phantom, { width: canvas.width, height: canvas.height });
  }

  /**
   * Draws everything.
   *
   * @param patient whose image it is; `undefined` for a dark screen
   * @param lengths what is measured
   */
  draw(patient: string | undefined, lengths: readonly DrawnLength[]): void {
    const pen = this.#canvas.getContext('2d');
    if (!pen) return;
    this.#lengths = lengths;
    const { width, height } = this.#canvas;
    if (patient !== this.#patient) drawPhantom(this.#phantom, patient, 0.5);
    this.#patient = patient;
    pen.clearRect(0, 0, width, height);
    if (patient === undefined) return;
    const light = pen.createLinearGradient(0, 0, width, height);
    light.addColorStop(0, '#1b2233');
    light.addColorStop(1, '#05070c');
    pen.fillStyle = light;
    pen.fillRect(0, 0, width, height);
    pen.drawImage(this.#phantom, 0, 0);
    for (const length of lengths) drawLength(pen, length);
  }

  /** What is under a point; an end before a line, and what was drawn last first. */
  at(point: Point): Hit | undefined {
    const topmost = [...this.#lengths].reverse();
    for (const { id, ends } of topmost) {
      const end = ([0, 1] as const).find((index) => distance(ends[index], point) <= NEAR);
      if (end !== undefined) return { id, end };
    }
    const line = topmost.find(({ ends }) => distanceToLine(ends, point) <= NEAR);
    return line && { id: line.id, end: undefined };
  }
}

function drawLength(pen: CanvasRenderingContext2D, { ends, text, isSelected }: DrawnLength): void {
  const [[ax, ay], [bx, by]] = ends;
  pen.strokeStyle = pen.fillStyle = isSelected ? SELECTED : COLOUR;
  pen.lineWidth = isSelected ? 4 : 2;
  pen.beginPath();
  pen.moveTo(ax, ay);
  pen.lineTo(bx, by);
  pen.stroke();
  for (const [x, y] of ends) {
    pen.beginPath();
    pen.arc(x, y, 4, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.font = '600 13px system-ui, sans-serif';
  pen.lineWidth = 3;
  pen.strokeStyle = '#05070c';
  const [x, y] = [Math.min(Math.max(ax, bx) + 8, pen.canvas.width - 60), ax > bx ? ay : by];
  pen.strokeText(text, x, y);
  pen.fillText(text, x, y);
}

const distance = ([ax, ay]: Point, [bx, by]: Point): number => Math.hypot(ax - bx, ay - by);

function distanceToLine([from, to]: Ends, [x, y]: Point): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy || 1);
  const part = Math.max(0, Math.min(1, along));
  return distance([from[0] + part * dx, from[1] + part * dy], [x, y]);
}
