/** An ellipse of the phantom: grey value added, half axes, centre, and angle in degrees; lengths in half image heights. */
type Ellipse = readonly [grey: number, a: number, b: number, x: number, y: number, angle: number];

/** The phantom of L. A. Shepp and B. F. Logan (1974), with the contrast of P. Toft: what scanners are tested with. */
const ELLIPSES: readonly Ellipse[] = [
  [0.9, 0.69, 0.92, 0, 0, 0],
  [-0.62, 0.6624, 0.874, 0, 0.0184, 0],
  [-0.17, 0.11, 0.31, 0.22, 0, 18],
  [-0.17, 0.16, 0.41, -0.22, 0, -18],
  [0.16, 0.21, 0.25, 0, -0.35, 0],
  [0.12, 0.046, 0.046, 0, -0.1, 0],
  [0.12, 0.046, 0.046, 0, 0.1, 0],
  [0.14, 0.046, 0.023, -0.08, 0.605, 0],
  [0.14, 0.023, 0.023, 0, 0.606, 0],
  [0.14, 0.023, 0.046, 0.06, 0.605, 0],
];

/**
 * Draws a phantom that looks a little different for every patient.
 *
 * @param patientId none for a dark screen
 * @param depth which slice, from 0 to 1
 */
export function drawPhantom(canvas: HTMLCanvasElement, patientId: string | undefined, depth: number): void {
  const pen = canvas.getContext('2d');
  if (!pen) return;
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  if (patientId === undefined) return;
  const seed = [...patientId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7) / 997;
  // A head is widest in the middle.
  const size = (height / 2) * (0.62 + 0.34 * Math.sin(Math.PI * depth));
  const greys = new Float32Array(width * height);
  ELLIPSES.forEach(([grey, a, b, x, y, angle], index) => {
    const change = index < 2 ? 1 : 0.75 + 0.5 * ((seed * (index + 3) * 7) % 1) + 0.25 * (depth - 0.5);
    add(greys, width, height, size, [grey, a * change, b * change, x, y, angle + (index < 2 ? 0 : 14 * (seed - 0.5))]);
  });
  const image = pen.createImageData(width, height);
  greys.forEach((grey, index) => {
    const level = Math.max(0, Math.min(1, grey)) * 235;
    image.data.set([level, level, level, level > 0 ? 255 : 0], 4 * index);
  });
  pen.putImageData(image, 0, 0);
}

function add(greys: Float32Array, width: number, height: number, size: number, ellipse: Ellipse): void {
  const [grey, a, b, x, y, angle] = ellipse;
  const cos = Math.cos((angle * Math.PI) / 180);
  const sin = Math.sin((angle * Math.PI) / 180);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const dx = (column - width / 2) / size - x;
      const dy = (row - height / 2) / size - y;
      const u = (dx * cos + dy * sin) / a;
      const v = (dy * cos - dx * sin) / b;
      // The edge is a little soft, as in a scan.
      const inside = (1 - u * u - v * v) * 30;
      if (inside > 0) greys[row * width + column] = (greys[row * width + column] ?? 0) + grey * Math.min(1, inside);
    }
  }
}
