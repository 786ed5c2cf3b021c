import type { HttpAnswer } from '../ground/http-server.ts';
import type { HubMessageKind } from '../ground/log.ts';

/** A request whose answer is lost on demand. */
export interface LostAnswer {
  /** Only a request of this kind. Default `publish`. */
  kind?: Extract<HubMessageKind, 'subscribe' | 'unsubscribe' | 'publish' | 'context' | 'discovery'>;
  /** Whether the hub does what is asked, and tells everybody. Default `true`; with `false` the request is lost too. */
  arrives?: boolean;
  /** Whether the connection is cut, or stays open and nothing comes. Default `cut`. */
  how?: NonNullable<HttpAnswer['lost']>;
}

/** Takes the first of what is to be lost that is for a request of this kind. */
export function takeLost(losses: LostAnswer[], about: HubMessageKind): Required<Omit<LostAnswer, 'kind'>> | undefined {
  const index = losses.findIndex(({ kind = 'publish' }) => kind === about);
  const [lost] = index < 0 ? [] : losses.splice(index, 1);
  return lost && { arrives: lost.arrives ?? true, how: lost.how ?? 'cut' };
}
