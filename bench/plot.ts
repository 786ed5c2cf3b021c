import type { Spread } from './statistics.ts';

/** What is drawn. */
export interface Plot {
  /** The name of its file. */
  readonly name: string;
  readonly title: string;
  /** What is on the horizontal axis, which is logarithmic unless its first value is 0. */
  readonly across: string;
  readonly up: string;
  readonly lines: readonly Line[];
}

/** One line of a plot. */
export interface Line {
  readonly name: string;
  readonly points: readonly (Spread & { readonly x: number })[];
}

const [WIDTH, HEIGHT] = [640, 320];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 24, 44, 48];
const COLOURS = ['#0b62a8', '#b3421a', '#3b7d23'];
const STEPS_UP = 5;

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

const text = (x: number, y: number, anchor: string, content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${more}>${escaped(content)}</text>`;

/** The next number above that is easy to read on an axis. */
const roundUp = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].find((step) => step * power >= value) ?? 10) * power;
};

/** Draws lines as SVG, from zero upwards: what does not grow looks flat. The middle half of the values is shaded. */
export function svgOf({ title, across, up, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const values = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const [first = 0, last = 1] = [values[0], values.at(-1)];
  const isLogarithmic = first > 0 && last / first > 20;
  const scaled = (x: number) => (isLogarithmic ? Math.log10(x) : x);
  const most = roundUp(1.1 * Math.max(...points.map(({ high }) => high)));
  const xOf = (x: number) =>
    LEFT + ((scaled(x) - scaled(first)) / (scaled(last) - scaled(first))) * (WIDTH - LEFT - RIGHT);
  const yOf = (y: number) => HEIGHT - BOTTOM - (y / most) * (HEIGHT - TOP - BOTTOM);
  const at = (x: number, y: number) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`;

  const grid = Array.from({ length: STEPS_UP + 1 }, (_, step) => {
    const value = (most * step) / STEPS_UP;
    const y = yOf(value).toFixed(1);
    const line = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#ddd"/>`;
    return line + text(LEFT - 8, yOf(value) + 4, 'end', String(Number(value.toPrecision(3))));
  });
  const every = Math.ceil(values.length / 6);
  const marks = values
    .filter((_, index) => index % every === 0 || index === values.length - 1)
    .map((value) => text(xOf(value), HEIGHT - BOTTOM + 18, 'middle', short.format(value)));
  const drawn = lines.map(({ name, points: own }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? '#000';
    const band = [...own.map(({ x, high }) => at(x, high)), ...own.map(({ x, low }) => at(x, low)).reverse()];
    return [
      `<polygon points="${band.join(' ')}" fill="${colour}" fill-opacity="0.15"/>`,
      `<polyline points="${own.map(({ x, median }) => at(x, median)).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...own.map(({ x, median }) => {
        const [cx, cy] = at(x, median).split(',');
        return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
      }),
      text(LEFT + 8, HEIGHT - BOTTOM - 10 - 16 * (lines.length - 1 - index), 'start', name, ` fill="${colour}"`),
    ].join('\n');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 20, 'start', title, ' font-size="14" font-weight="bold"'),
    text(LEFT, 36, 'start', up),
    text(WIDTH - RIGHT, HEIGHT - 10, 'end', across),
    ...grid,
    ...marks,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}
