import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CallbackEndpoint,
  type DialectName,
  FhircastClient,
  type FhircastClientOptions,
  type FhircastError,
  profiles,
} from 'fhircast-client';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { eventLine, type LineOptions } from './event-line.ts';
import { Ending, EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { interrupted } from './interrupt.ts';
import { readToken, type TokenSource } from './token.ts';

/** What is listened to unless the developer says otherwise. */
export const DEFAULT_EVENTS: readonly string[] = [
  ...['Patient', 'Encounter', 'ImagingStudy', 'DiagnosticReport'].flatMap((type) => [`${type}-open`, `${type}-close`]),
  'UserLogout',
];

/** The arguments of `fhircast-client listen`. */
export interface ListenArguments extends LineOptions, TokenSource {
  readonly hub?: string;
  readonly topic?: string;
  readonly anonymous?: boolean;
  readonly events: string[];
  readonly profile?: keyof typeof profiles;
  readonly dialect?: DialectName;
  readonly name: string;
  readonly callbackPort?: number;
  readonly callbackUrl?: string;
  readonly allowInsecure?: boolean;
  readonly count?: number;
  /** It must not be there. */
  readonly token?: unknown;
}

/** Follows the session until Ctrl+C, so many events, or the hub's no. */
export async function runListen(args: ListenArguments): Promise<ExitCode> {
  const { hub: hubUrl, topic } = args;
  if (args.token !== undefined)
    throw new Ending(EXIT.usage, 'A token is no argument: other users see it. Set FHIRCAST_TOKEN or --token-file.');
  if (!hubUrl) throw new Ending(EXIT.usage, 'Which hub? Set --hub or FHIRCAST_HUB.');
  if (!topic) throw new Ending(EXIT.usage, 'Which session? Set --topic or FHIRCAST_TOPIC.');
  const accessToken = args.anonymous ? undefined : await readToken(args);
  const webhooks = await openCallback(args);
  try {
    return await follow(args, {
      hubUrl,
      topic,
      ...(accessToken === undefined ? {} : { accessToken }),
      ...(webhooks ? { callback: webhooks.callback, channel: 'webhook' } : {}),
      ...(args.profile ? { profile: profiles[args.profile] } : {}),
      ...(args.dialect ? { dialect: args.dialect } : {}),
      ...(args.allowInsecure ? { allowInsecure: true } : {}),
      subscriberName: args.name,
    });
  } finally {
    webhooks?.close();
  }
}

async function follow(args: ListenArguments, options: FhircastClientOptions): Promise<ExitCode> {
  const client = new FhircastClient(options);
  const interrupt = interrupted();
  const say = (text: string): void => console.error(text);
  let failure: FhircastError | undefined;
  let seen = 0;
  let isOver: (code: ExitCode) => void = () => {};
  const over = new Promise<ExitCode>((resolve) => {
    isOver = resolve;
  });
  const print = (event: Parameters<typeof eventLine>[0]): void => {
    if (seen === args.count) return;
    console.log(eventLine(event, args));
    seen += 1;
    // Not before the hub has got its answer.
    if (seen === args.count) setImmediate(() => isOver(EXIT.done));
  };
  for (const name of new Set(args.events)) client.on(name, print);
  client.on('state', ({ state, reason }) => {
    say(`${state} (${reason})`);
    // The error that says why comes behind it.
    if (state === 'denied') setImmediate(() => isOver(failure ? exitCodeOf(failure) : EXIT.refused));
  });
  client.on('sync', ({ state }) => say(`session ${state}`));
  client.on('warning', ({ message }) => say(`warning: ${message}`));
  client.on('error', (error) => {
    failure = error;
    say(`error: ${error.message}`);
  });
  const refused = client.ready().then(
    () => over,
    (error: FhircastError) => {
      // It has left before the hub had confirmed.
      if (error.code === 'closed') return over;
      if (failure?.code !== error.code) say(`error: ${error.message}`);
      return exitCodeOf(error);
    },
  );
  const code = await Promise.race([interrupt.happened.then(() => EXIT.done), over, refused]);
  await client.unsubscribe().catch((error: Error) => say(`error: ${error.message}`));
  interrupt.release();
  return code;
}

/** Takes webhooks on this machine, where that is asked for. */
async function openCallback({
  callbackPort,
  callbackUrl,
}: ListenArguments): Promise<{ readonly callback: CallbackEndpoint; close(): void } | undefined> {
  if (callbackPort === undefined && callbackUrl === undefined) return undefined;
  const server = createServer().listen(callbackPort ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const callback = createCallbackEndpoint({ baseUrl: callbackUrl ?? `http://127.0.0.1:${port}` });
  server.on('request', callback.node);
  return {
    callback,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
