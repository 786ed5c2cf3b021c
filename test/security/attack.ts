import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CallbackEndpointOptions,
  createCallbackEndpoint,
  type HttpCallbackEndpoint,
} from '../../src/callback/index.ts';
import type { CallbackOwner, Denial, Verification } from '../../src/channels/callback.ts';
import { isOriginal, type Mutant, mutantAt, type Target } from './mutants.ts';
import { holdsSignatureOf, isGenuine, isHarmlessEcho, TOPIC } from './oracle.ts';
import { BODY_LIMIT, type Outcome, plain, raw, web } from './ways.ts';

/** The ways by which a request reaches the endpoint. */
type Way = 'plain' | 'web' | 'node';

/** What an attack is to be. */
export interface AttackOptions {
  /** Any integer: the same one makes the same requests. */
  readonly seed: number;
  /** How many requests. */
  readonly requests: number;
  /** The number of the first request, to see one again. Default: 0. */
  readonly from?: number;
  /** Called after every so many requests, and waited for. */
  readonly progress?: { readonly every: number; made(done: number): void | Promise<void> };
  /** How the endpoint differs from the usual. Default: it does not. */
  readonly endpoint?: Partial<CallbackEndpointOptions>;
}

/** What came of an attack. */
export interface AttackReport {
  /** How many requests were made. */
  readonly requests: number;
  /** How many of them were mutants that were refused, as they had to be. */
  readonly refused: number;
  /** How many were as a hub sends them, and were taken, as they had to be. */
  readonly originals: number;
  /** How many mutants were taken because they had become what a hub sends on their way: platforms tidy up what they are given. */
  readonly tidied: number;
  /** How often each status was answered; 0 is a connection that was closed without an answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** What must not have happened, with the number of the request. */
  readonly failures: readonly string[];
}

/** So many connections attack at once. */
const LANES = 16;

const STATUSES = new Set([0, 200, 400, 401, 404, 405, 413, 431]);

/** Half of the requests go to the endpoint itself, because that is where everything is decided. */
const WAYS: readonly Way[] = ['plain', 'web', 'plain', 'node'];

/** An owner that keeps what the request of the moment came to, and nothing else. */
class Guard implements CallbackOwner {
  delivered: string[] = [];

  verify({ topic }: Verification): boolean {
    return topic === TOPIC;
  }

  deny({ topic }: Denial): boolean {
    return topic === TOPIC;
  }

  notify(body: string): number {
    this.delivered.push(body);
    return 200;
  }

  rejected(): void {}
}

/** A subscription that is attacked by one request after the other. */
interface Lane {
  readonly guard: Guard;
  readonly target: Target;
}

const openLane = async (endpoint: HttpCallbackEndpoint): Promise<Lane> => {
  const guard = new Guard();
  const { url, secret } = await endpoint.open(guard);
  return { guard, target: { id: new URL(url).pathname.split('/').at(-1) ?? '', secret } };
};

/** What is wrong with the outcome of a request; `undefined` when nothing is. */
function faultOf(meant: Mutant, { target, guard }: Lane, outcome: Outcome): string | undefined {
  const { status, body, text, wire, sent: mutant = meant } = outcome;
  if (!STATUSES.has(status)) return `was answered ${status}`;
  if (text.includes(target.secret)) return 'was answered with the secret';
  const { delivered } = guard;
  if (wire !== undefined) {
    // What the text has become is not known: whatever was taken must be signed in it.
    const isVouched = delivered.every((one) => holdsSignatureOf(wire, one, target.secret));
    if (!isVouched) return 'was delivered without a signature';
    return /[<>]/.test(body) ? 'was echoed as it must not be' : undefined;
  }
  const genuine = isGenuine(mutant, target);
  const isEvent = genuine && mutant.method === 'POST';
  if (delivered.length > 0) return isEvent ? undefined : 'was delivered';
  if (status === 413) return mutant.body.length > BODY_LIMIT ? undefined : 'was answered 413';
  if (status !== 200) return isEvent ? 'was signed and not delivered' : undefined;
  if (mutant.method !== 'GET') return 'was answered 200';
  if (!genuine) return 'was verified';
  return body === '' || isHarmlessEcho(body, mutant.query) ? undefined : 'was echoed as it must not be';
}

/**
 * Attacks an endpoint by itself, its web skin, and its node skin over real sockets, and compares what comes of every
 * request with what an oracle says.
 *
 * @param options how many requests, and which
 */
export async function attack({ seed, requests, from = 0, progress, ...other }: AttackOptions): Promise<AttackReport> {
  const baseUrl = 'https://app.example.org/fhircast';
  const endpoint = createCallbackEndpoint({ baseUrl, bodyLimit: BODY_LIMIT, ...other.endpoint });
  const server = createServer(endpoint.node).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  const counts = { refused: 0, originals: 0, tidied: 0 };
  let next = from;
  let done = 0;

  const send = (way: Way, mutant: Mutant): Promise<Outcome | undefined> =>
    way === 'plain' ? plain(endpoint, mutant) : way === 'web' ? web(endpoint, mutant) : raw(port, mutant);

  const one = async (index: number, lane: Lane): Promise<void> => {
    const way = WAYS[index % WAYS.length] ?? 'plain';
    const mutant = mutantAt(seed, index, lane.target);
    lane.guard.delivered = [];
    try {
      // What the platform cannot send goes to the endpoint itself.
      const outcome = (await send(way, mutant)) ?? (await plain(endpoint, mutant));
      const fault = isOriginal(index) && outcome.status !== 200 ? 'was refused' : faultOf(mutant, lane, outcome);
      if (fault) failures.push(`request ${index} (${way}) ${fault}`);
      statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1);
      counts[isOriginal(index) ? 'originals' : outcome.status === 200 ? 'tidied' : 'refused']++;
    } catch (error) {
      failures.push(`request ${index} (${way}) failed: ${error instanceof Error ? error.message : 'with no error'}`);
    }
  };

  const lanes = await Promise.all(Array.from({ length: LANES }, () => openLane(endpoint)));
  const run = async (until: number) => {
    await Promise.all(
      lanes.map(async (lane) => {
        while (next < until) {
          await one(next++, lane);
          done++;
        }
      }),
    );
  };

  try {
    const every = progress?.every ?? requests;
    while (next < from + requests) {
      await run(Math.min(from + requests, next + every));
      await progress?.made(done);
    }
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  return { requests: done, ...counts, statuses, failures };
}
