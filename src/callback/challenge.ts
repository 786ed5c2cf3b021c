import type { CallbackAnswer } from './request.ts';

/** A challenge is random text. What could be more than text is not echoed. */
const CHALLENGE = /^[^<>\p{Cc}]{1,2048}$/u;

/**
 * Whether a text may be echoed as a challenge.
 *
 * @param text the parameter `hub.challenge`
 */
export const isChallenge = (text: string): boolean => CHALLENGE.test(text);

/**
 * The answer that confirms a verification. Hubs compare the body to the letter, and accept exactly 200.
 *
 * @param challenge the challenge
 */
export const echoOf = (challenge: string): CallbackAnswer => ({
  status: 200,
  body: challenge,
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
});
