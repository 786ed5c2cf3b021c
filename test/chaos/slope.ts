/**
 * How steep the straight line is that fits some points best.
 *
 * @param points two at least
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middleX, middleY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const sum = (of: (x: number, y: number) => number) => points.reduce((total, [x, y]) => total + of(x, y), 0);
  return sum((x, y) => (x - middleX) * (y - middleY)) / sum((x) => (x - middleX) ** 2);
}
