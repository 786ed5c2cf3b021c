import { canonicalName } from '../../events/names.ts';
import { HttpRefusal } from './http-server.ts';
import { unguessable } from './unguessable.ts';

/** What an access token allows. */
export interface AccessGrant {
  readonly sessionId: string;
  /** Space-separated SMART scopes. */
  readonly scope: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The app that it was given to, where the issuer knows: what a subscriber without a name is called. */
  readonly client: string | undefined;
  /** The name of the subscriber that uses it, once it is known: for the log. */
  holder?: string;
}

/** The access tokens that the hub accepts. */
export class AccessTokens {
  readonly #grants = new Map<string, AccessGrant>();

  /** Makes a token for one session. */
  issue(sessionId: string, scope: string, lifetimeSeconds: number, client: string | undefined): string {
    const token = unguessable();
    const expiresAt = Date.now() + lifetimeSeconds * 1000;
    this.#grants.set(token, {
      sessionId,
      scope,
      expiresAt,
      client,
      ...(client === undefined ? {} : { holder: client }),
    });
    return token;
  }

  /** Makes a token unknown. */
  revoke(token: string): void {
    this.#grants.delete(token);
  }

  /** The grant behind an `Authorization` header, be it expired or not. */
  find(authorization: string | undefined): AccessGrant | undefined {
    return this.#grants.get(bearerToken(authorization) ?? '');
  }

  /**
   * The valid grant behind an `Authorization` header.
   *
   * @throws a refusal with 401 when it is missing, unknown or expired
   */
  require(authorization: string | undefined): AccessGrant {
    const grant = this.find(authorization);
    if (grant === undefined || grant.expiresAt <= Date.now()) {
      const reason =
        bearerToken(authorization) === undefined
          ? 'A Bearer token is required.'
          : 'The access token is unknown or expired.';
      throw new HttpRefusal(401, reason, { 'WWW-Authenticate': 'Bearer' });
    }
    return grant;
  }
}

/** The token of an `Authorization` header (RFC 6750, section 2.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** What is done with an event: to be told of it, or to send it. */
export type Access = 'read' | 'write';

/**
 * Does a scope cover an event? `fhircast` alone (the draft and the ballot) covers all;
 * `fhircast/<event or *>.<read or write or *>` covers what it says, names compared as events are.
 *
 * @param event any spelling, or `undefined` for "any event at all"
 */
export function covers(scope: string, event: string | undefined, access: Access): boolean {
  return scope.split(/\s+/).some((item) => {
    if (item === 'fhircast') return true;
    const [, name, granted] = /^fhircast\/(.+)\.(read|write|\*)$/.exec(item) ?? [];
    if (name === undefined || (granted !== '*' && granted !== access)) return false;
    return event === undefined || name === '*' || canonicalName(name) === canonicalName(event);
  });
}
