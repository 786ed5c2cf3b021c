import type { FhircastClientOptions } from './options.ts';

/** The access token of the moment, and how long it lasts. */
export interface TokenLife {
  /** @param refused the token that the hub has just refused */
  token(refused?: string): Promise<string | undefined>;
  /** How long it lasts from now, in seconds; `undefined` when nobody said so. */
  secondsLeft(): number | undefined;
}

/**
 * Follows the access token of a client. Where the app said only once how long it lasts, another one lasts as long again: one that
 * is believed to end too early costs a renewal, and one that has ended unnoticed is a client that hears nothing.
 *
 * @param options of the client
 */
export function tokenLife({
  accessToken,
  expiresIn,
}: Pick<FhircastClientOptions, 'accessToken' | 'expiresIn'>): TokenLife {
  let began = Date.now();
  let known: string | undefined;
  return {
    token: async (refused) => {
      const token = await (typeof accessToken === 'function' ? accessToken(refused) : accessToken);
      if (known !== undefined && token !== known) began = Date.now();
      known = token;
      return token;
    },
    secondsLeft: () => (typeof expiresIn === 'number' ? expiresIn - (Date.now() - began) / 1000 : expiresIn?.()),
  };
}
