import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Target } from '../callback-load.ts';
import { hear, type Subject, startSubject, stopSubject } from '../subject.ts';

/** A relay, and a page that has its stream. */
export interface RelayedPage {
  readonly subjects: readonly Subject[];
  readonly page: Subject;
  readonly target: Target;
}

/** A page behind a relay of its own. */
export async function startRelayedPage(): Promise<RelayedPage> {
  const [relay, url] = await startSubject('relay', []);
  const [page, report] = await startSubject('relay-page', [url]);
  return { subjects: [page, relay], page, target: JSON.parse(report) as Target };
}

/** A page behind one of two relays, whose hub always reaches the other one. */
export async function startRelayedPageThroughRedis(redisUrl: string): Promise<RelayedPage> {
  const [[relay, url], [other, otherUrl]] = await Promise.all([
    startSubject('relay', [redisUrl]),
    startSubject('relay', [redisUrl]),
  ]);
  const [page, report] = await startSubject('relay-page', [url]);
  const target = JSON.parse(report) as Target;
  const through = { ...target, url: target.url.replace(url, otherUrl) };
  return { subjects: [page, relay, other], page, target: through };
}

interface Memory {
  readonly heap: number;
  readonly resident: number;
  readonly pages: number;
}

const memoryOf = async (subject: Subject): Promise<Memory> => {
  const answer = hear(subject);
  subject.send('memory');
  return JSON.parse(String(await answer)) as Memory;
};

const AT_ONCE = 50;

/**
 * What an open page takes at its relay, in bytes: what its program holds, and what the system gave it.
 *
 * @param count how many pages are open
 */
export async function bytesOfPages(count: number): Promise<{ live: number; bytes: number; resident: number }> {
  const [relay, url] = await startSubject('relay', []);
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const open = async (): Promise<void> => {
    const post = request(`${url}/page`, { method: 'POST', agent }).end();
    const [response] = (await once(post, 'response')) as [IncomingMessage];
    response.resume();
  };
  const openMany = async (many: number) => {
    for (let opened = 0; opened < many; opened += AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, many - opened) }, open));
  };
  // What is needed once is not a page's.
  await openMany(AT_ONCE);
  const before = await memoryOf(relay);
  await openMany(count);
  const after = await memoryOf(relay);
  const live = after.pages - before.pages;
  await stopSubject(relay);
  agent.destroy();
  return { live, bytes: (after.heap - before.heap) / live, resident: (after.resident - before.resident) / live };
}
