import type { FhircastEvent } from '../events/event.ts';
import type { Notification } from '../events/notification.ts';
import type { ContextAnswer } from '../hub/api.ts';

/** An entry point that follows what a client gets, whether the app listens to it or not. */
export interface SessionTap {
  /** Whether an event is a change of this app's coming back. */
  isEcho(notification: Notification): boolean;
  /** An event has been followed, and is about to be given to the app. */
  received(event: FhircastEvent): void;
  /** The hub told the current context because it was asked. */
  told(answer: ContextAnswer): void;
}

/**
 * Under this symbol a client has its session, for the entry points of this package. It is the same in every copy of the package: an app's
 * client may be of its ES modules where its entry points are CommonJS.
 */
export const SESSION: unique symbol = /* @__PURE__ */ Symbol.for('fhircast-client.session');
