/**
 * Prints how fast the built package is, as ratios to the least code that does the same work. README.md says how to read it.
 */
import { callbackContenders } from './callbacks.ts';
import { compare, printJson, printTable } from './report.ts';
import { type Contender, type Plan, type Round, takeTurns } from './rounds.ts';
import { compileSubjects, stopSubject } from './subject.ts';
import { websocketContenders } from './websockets.ts';

const plan: Plan = { rounds: 15, warmUp: 4, messages: 6_000 };

/** A line that is written over and over while somebody looks. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

async function measure(
  title: string,
  start: () => Promise<[Contender[], () => void]>,
): Promise<ReadonlyMap<string, readonly Round[]>> {
  const [contenders, close] = await start();
  const results = await takeTurns(contenders, plan, (text) => progress(`${title}: ${text}`));
  progress('');
  for (const { subjects } of contenders) await Promise.all(subjects.map(stopSubject));
  close();
  return results;
}

await compileSubjects();

const sockets = await measure('websocket', websocketContenders);
const websocket = [compare(sockets, 'FhircastClient', 'bare ws', 0.85)];
printTable('websocket events per second', websocket);

const servers = await measure('callback', callbackContenders);
const callback = [
  compare(servers, 'createCallbackEndpoint', 'bare node:http', 0.85),
  compare(servers, 'createCallbackEndpoint', '@octokit/webhooks'),
  compare(servers, 'FhircastClient', 'bare node:http'),
  compare(servers, 'FhircastClient', '@octokit/webhooks'),
];
printTable('verified callbacks per second', callback);

printJson(plan, { websocket, callback });
