/**
 * Prints figures of the sources by which their order can be judged: `npm run structure`, and with `-- --json` for programs. What
 * runs for one notification is counted while a client gets it from a real hub.
 */
import { readFigures } from './structure-figures.ts';
import { type Way, webhookWay, websocketWay } from './way.ts';

function row(label: string, ...cells: readonly (string | number)[]): void {
  console.log(`${label.padEnd(56)}${cells.map((cell) => cell.toLocaleString('en')).join('  ')}`);
}

function wayRows(label: string, { passing, files, calls }: Way): void {
  row(`${label}: files that pass it on`, passing.length);
  row(`${label}: files of which something runs`, files.length);
  row(`${label}: calls of functions`, calls);
}

const figures = readFigures();
const [byWebsocket, byWebhook] = [await websocketWay(), await webhookWay()];
if (process.argv.includes('--json')) console.log(JSON.stringify({ byWebsocket, byWebhook }));
else {
  wayRows('a notification by websocket', byWebsocket);
  wayRows('a notification by webhook', byWebhook);
  row('arrows upwards', figures.upward.length, ...figures.upward);
  row('circles', figures.circles.length, ...figures.circles.map((circle) => circle.join(', ')));
  row('names that files share', figures.namesakes.length, ...figures.namesakes.map((files) => files.join(', ')));
  row('the longest constructor, lines', figures.longestConstructor.lines, figures.longestConstructor.file);
  row('the longest file, lines', figures.longestFile.lines, figures.longestFile.file);
  row('lines of code', figures.codeLines);
  row('lines of comments', figures.commentLines);
  for (const [folder, count] of [...figures.files].sort())
    row(`files in ${folder === '.' ? 'src' : `src/${folder}`}`, count);
}
// What the counts were taken of keeps timers.
process.exit();
