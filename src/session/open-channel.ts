import type { Channel, ChannelSink } from '../channels/channel.ts';
import type { WebhookChannelOptions } from '../channels/webhook-channel.ts';
import { WebSocketChannel } from '../channels/websocket/websocket-channel.ts';
import { ChannelError, type FhircastError } from '../errors/errors.ts';
import type { HubApi } from '../hub/api.ts';
import type { Chooser } from '../hub/chooser.ts';
import type { Recorder } from '../hub/protocol-records.ts';
import type { FhircastClientOptions } from './options.ts';

/** What a channel is made of. */
export interface ChannelParts {
  readonly api: HubApi;
  readonly options: FhircastClientOptions;
  readonly subscriberName: string;
  readonly record: Recorder;
  /** Knows how the hub wants to be talked to. */
  readonly chooser: Chooser;
  /** Waits for the hub's discovery document, which is fetched beside the subscription. */
  readonly discover: () => Promise<void>;
}

/** A hub may take this long to confirm unless told otherwise, in milliseconds. */
const CONFIRMATION_TIMEOUT_MS = 10_000;

/**
 * Makes the channel that the option, the launch or the discovery document calls for. The launch decides at first, so that no
 * subscription waits for a document; when what it suggests fails, the document may say why.
 *
 * @param parts what the channel is made of
 * @param sink who takes what arrives
 * @param failed the error of the channel before, when this one is to take its place
 * @throws FhircastError the error before when there is no other way, or `channel-no-callback`
 */
export async function openChannel(
  parts: ChannelParts,
  sink: ChannelSink,
  failed: FhircastError | undefined,
): Promise<Channel> {
  const { api, options, record, subscriberName, chooser } = parts;
  if (failed) {
    if (chooser.mayDiscover) await parts.discover();
    if (!chooser.otherChannel(failed)) throw failed;
  }
  const common = {
    api,
    sink,
    record,
    subscriberName,
    leaseSeconds: options.leaseSeconds,
    confirmationTimeoutMs: options.confirmationTimeoutMs ?? CONFIRMATION_TIMEOUT_MS,
  };
  if (chooser.take() === 'websocket') {
    return new WebSocketChannel({
      ...common,
      allowInsecure: options.allowInsecure ?? false,
      webSocket: options.webSocket,
    });
  }
  const { callback } = options;
  if (!callback) throw new ChannelError('channel-no-callback');
  // The endpoint brings it: most pages never need it.
  const openWebhook = callback.openChannel as (options: WebhookChannelOptions) => Channel;
  return openWebhook({ ...common, callback });
}
