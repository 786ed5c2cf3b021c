import { createHmac } from 'node:crypto';
import type { CallbackAnswer } from '../../src/callback/index.ts';
import type { FhircastEvent } from '../../src/index.ts';
import type { App } from '../integration/app.ts';
import { type AppOptions, openWorld, type World, type WorldOptions } from '../integration/world.ts';
import { WEBHOOK_WORLDS, type WorldKind } from '../integration/worlds.ts';

const [DRAFT] = WEBHOOK_WORLDS as [WorldKind];

/** A message of the hub as somebody on its way saw it. */
export interface Captured {
  readonly body: Uint8Array;
  readonly signature: string;
}

/** A real client behind a hub's webhook, and what somebody has who wants to deceive it. */
export interface Victim {
  readonly world: World;
  readonly app: App;
  /** Every event that reached a listener. */
  readonly events: readonly FhircastEvent[];
  /** The callback URL of the subscription of the moment. */
  url(): string;
  /** The last segment of that URL. */
  id(): string;
  /** The hub's own signature of a body, for messages of the hub. */
  sign(body: string | Uint8Array): Captured;
  /** Sends a message to the callback URL, as the hub sent it or as somebody sends it again. */
  send(message: Captured): Promise<CallbackAnswer>;
  /** Sends a GET to the callback URL. */
  get(fields: Readonly<Record<string, string>>): Promise<CallbackAnswer>;
}

/** How a victim differs from the usual. */
export interface VictimOptions {
  readonly kind?: WorldKind;
  readonly world?: WorldOptions;
  readonly app?: AppOptions;
}

/** Subscribes a client by webhook and waits until it follows. It ends with the test. */
export async function openVictim({ kind = DRAFT, world: worldOptions, app: options }: VictimOptions = {}) {
  const world = await openWorld(kind, worldOptions);
  const app = await world.follow('Viewer', options);
  const events = app.collect('*');
  const url = () => world.seen('subscribe').at(-1)?.fields?.['hub.callback'] ?? '';
  const id = () => new URL(url()).pathname.split('/').at(-1) ?? '';
  const request = { query: '', signature: undefined, body: new Uint8Array(0) };
  const victim: Victim = {
    world,
    app,
    events,
    url,
    id,
    sign: (body) => {
      const secret = world.seen('subscribe').at(-1)?.fields?.['hub.secret'] ?? '';
      return {
        body: Buffer.from(body),
        signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      };
    },
    send: async (message) => world.callback.handle(id(), { ...request, method: 'POST', ...message }),
    get: async (fields) =>
      world.callback.handle(id(), { ...request, method: 'GET', query: new URLSearchParams(fields).toString() }),
  };
  return victim;
}
