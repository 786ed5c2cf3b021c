import { randomBytes } from 'node:crypto';
import { openLine, prepareCallbacks, type Target } from './callback-load.ts';
import { patientOpens } from './event.ts';
import { startHub } from './hub.ts';
import type { Contender } from './rounds.ts';
import { type ProgramName, startSubject } from './subject.ts';

/** The sessions of the comparison, which a hub serves on as many connections. */
const SESSIONS = 16;

const NAMES = ['createCallbackEndpoint', 'FhircastClient', 'bare node:http', '@octokit/webhooks'] as const;

/**
 * The servers of the callback comparison, with open connections, and what ends their hub.
 *
 * @param names which of them
 */
export async function callbackContenders(
  names: readonly (typeof NAMES)[number][] = NAMES,
): Promise<[Contender[], () => void]> {
  const hub = await startHub();
  const topics = Array.from({ length: SESSIONS }, (_, index) => `${hub.url}/session-${index}`);
  const secret = randomBytes(32).toString('hex');

  const contender = async (name: string, program: ProgramName, args: readonly string[]): Promise<Contender> => {
    const [subject, report] = await startSubject(program, args);
    const shared: Target | undefined = report ? JSON.parse(report) : undefined;
    const lines = await Promise.all(
      topics.map((topic) => {
        const target = shared ?? hub.callbacks.get(topic);
        if (!target) throw new Error('A session has no callback.');
        return openLine(target, patientOpens(topic, 'open-patient-chart'));
      }),
    );
    return { name, subjects: [subject], prepare: (count) => prepareCallbacks(lines, count) };
  };
  const programs = {
    createCallbackEndpoint: ['callback-endpoint', []],
    FhircastClient: ['callback-client', [hub.url, ...topics]],
    'bare node:http': ['callback-bare', [secret]],
    '@octokit/webhooks': ['callback-octokit', [secret]],
  } as const;
  const contenders: Contender[] = [];
  for (const name of names) {
    const [program, args] = programs[name];
    contenders.push(await contender(name, program, args));
  }
  return [contenders, hub.close];
}
