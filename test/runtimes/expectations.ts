import type { Performance } from './conductor.ts';
import type { Installed } from './installed.ts';
import type { Outcome } from './observations.ts';
import { CHANGED, EXPECTED, LAST, type Part } from './parts.ts';

/** One thing that has to hold on every runtime. */
export interface Expectation {
  /** The column of the table in the documentation. */
  readonly column: string;
  readonly title: string;
  /** What was found. */
  found(performance: Performance): unknown;
  /** What should have been. */
  expected(runtime: Installed): unknown;
}

const doneOf = <T>(outcome: Outcome<T> | undefined): T => {
  if (outcome === undefined) throw new Error('The program left it out.');
  if ('failed' in outcome) throw new Error(outcome.failed);
  return outcome.done;
};

const inOrder = Array.from({ length: 12 }, (_, index) => index);

/** What holds for a session, however its events arrive. */
const ofPart = (part: Part, label: string, column: string): Expectation[] => [
  {
    column,
    title: `${label}: follows the session to its end`,
    found: ({ observations }) => {
      const { channel, errors, state } = doneOf(observations[part]);
      return { channel, errors, state };
    },
    expected: () =>
      part === 'webhook'
        ? { channel: 'webhook', errors: ['signature-mismatch'], state: 'closed' }
        : { channel: 'websocket', errors: [], state: 'closed' },
  },
  {
    column,
    title: `${label}: hears every event as it was sent, and in order`,
    found: ({ observations }) => doneOf(observations[part]).heard,
    expected: () => EXPECTED,
  },
  {
    column,
    title: `${label}: answers every event with 200`,
    found: ({ seen }) => seen[part].answers,
    expected: () => EXPECTED.map(() => 200),
  },
  {
    column: 'Current context',
    title: `${label}: reads the current context`,
    found: ({ observations }) => doneOf(observations[part]).current,
    expected: () => LAST,
  },
  {
    column: 'Change',
    title: `${label}: changes the context`,
    found: ({ observations, seen }) => [doneOf(observations[part]).accepted, seen[part].changedTo],
    expected: () => [true, CHANGED],
  },
  {
    column,
    title: `${label}: leaves no subscription behind`,
    found: ({ seen }) => seen[part].left,
    expected: () => 0,
  },
];

/** What has to hold on every runtime. */
export const EXPECTATIONS: readonly Expectation[] = [
  {
    column: 'Version',
    title: 'is what it is said to be',
    found: ({ observations }) => observations.runtime,
    // A Worker is told the name of its platform alone.
    expected: ({ kind, version }) => (kind === 'workerd' ? 'Cloudflare-Workers' : `${kind} ${version}`),
  },
  ...ofPart('webhook', 'by webhook', 'Webhook'),
  {
    column: 'Webhook',
    title: 'by webhook: answers the verifications of the subscription and of its end',
    found: ({ seen }) => seen.webhook.verified,
    expected: () => [200, 200],
  },
  {
    column: 'Webhook',
    title:
      'by webhook: answers a forged signature with 401, a URL that nobody owns with 404, and a former one with 410',
    found: ({ seen }) => [seen.webhook.forged, seen.webhook.foreign, seen.webhook.former],
    expected: () => [[401], 404, 410],
  },
  {
    column: 'Signatures',
    title: 'checks signatures with what is expected of it',
    found: ({ observations }) => observations.crypto,
    expected: ({ crypto }) => crypto,
  },
  {
    column: 'Webhook',
    title: 'keeps the order of events that come at once',
    found: ({ observations }) => doneOf(observations.order),
    expected: () => inOrder,
  },
  {
    column: 'Webhook',
    title: 'keeps the order of events that come at once, with WebCrypto',
    found: ({ observations }) => doneOf(observations.webCryptoOrder),
    expected: () => inOrder,
  },
  ...ofPart('websocket', 'by websocket', 'Websocket'),
  {
    column: 'Webhook',
    title: 'ends by itself, once its server is closed',
    found: ({ exit }) => exit,
    expected: ({ kind }) => (kind === 'workerd' ? undefined : 0),
  },
];

/** What has to hold beside that where the runtime has a websocket of its own. */
export const OF_OWN_WEBSOCKET: readonly Expectation[] = ofPart(
  'ownWebsocket',
  "by the runtime's websocket",
  'Websocket',
);
