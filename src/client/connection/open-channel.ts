import type { Channel, ChannelSink, ChannelType } from '../../channels/channel.ts';
import { WebSocketChannel } from '../../channels/websocket.ts';
import { ChannelError, type FhircastError } from '../../errors.ts';
import type { HubApi } from '../../hub/api.ts';
import type { HubDiscovery } from '../../hub/discovery.ts';
import type { Recorder } from '../../hub/protocol.ts';
import type { FhircastClientOptions } from '../options.ts';

/** What a channel is made of. */
export interface ChannelParts {
  readonly api: HubApi;
  readonly options: FhircastClientOptions;
  readonly subscriberName: string;
  readonly record: Recorder;
  /** The hub's discovery document, fetched beside the subscription. */
  readonly discovery: () => Promise<HubDiscovery | undefined>;
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
  const { api, options, record, subscriberName } = parts;
  const suggested: ChannelType = options.channel ?? api.dialect.channel;
  let type = suggested;
  if (failed) {
    if (options.channel || !api.dialect.discovery) throw failed;
    const discovery = await parts.discovery();
    if (discovery?.websocketSupport !== false) throw failed;
    type = 'webhook';
  }
  const common = {
    api,
    sink,
    record,
    subscriberName,
    leaseSeconds: options.leaseSeconds,
    confirmationTimeoutMs: options.confirmationTimeoutMs ?? CONFIRMATION_TIMEOUT_MS,
  };
  if (type === 'websocket') {
    return new WebSocketChannel({
      ...common,
      allowInsecure: options.allowInsecure ?? false,
      webSocket: options.webSocket,
    });
  }
  if (!options.callback) throw new ChannelError('channel-no-callback');
  // Most pages never need it.
  const { WebhookChannel } = await import('../../channels/webhook.ts');
  return new WebhookChannel({ ...common, callback: options.callback });
}
