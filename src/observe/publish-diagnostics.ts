import type { FhircastClient } from '../client.ts';
import { type Observation, type ObserveOptions, observe } from './observation.ts';

/** What is used of `node:diagnostics_channel`. */
export interface DiagnosticsChannels {
  /** The channel of a name. */
  channel(name: string): DiagnosticsChannel;
}

/** What is used of one channel. */
export interface DiagnosticsChannel {
  /** Whether anybody listens. */
  readonly hasSubscribers: boolean;
  /** Tells whoever listens. */
  publish(message: unknown): void;
}

/**
 * Publishes what happens to a client on channels of `node:diagnostics_channel`, as monitoring agents listen to: one for each kind,
 * `fhircast-client:state`, `fhircast-client:protocol` and so on. Each message is an {@link Observation}.
 *
 * @param client the client
 * @param channels the module `node:diagnostics_channel`. It is passed in, because pages have none
 * @param options a label, and the kinds to tell of
 * @returns ends it
 */
export function publishDiagnostics(
  client: FhircastClient,
  channels: DiagnosticsChannels,
  options: ObserveOptions = {},
): () => void {
  return observe(
    client,
    (observation: Observation) => {
      const channel = channels.channel(`fhircast-client:${observation.kind}`);
      if (channel.hasSubscribers) channel.publish(observation);
    },
    options,
  );
}
