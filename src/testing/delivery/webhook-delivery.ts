import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryLabel, SignatureChoice } from '../ground/delivery.ts';
import type { HubMessageEntry, HubMessageKind, Recorder } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';
import { signFor } from './sign.ts';

/** What a webhook delivery needs of the hub. */
export interface WebhookSettings {
  record: Recorder;
  /** What the hub does, point by point. */
  traits: HubTraits;
  /** The hub itself, which some callbacks make crash. */
  shared: { crash(by: string): void };
  /** How long a callback may take, in milliseconds. */
  answerTimeoutMs: number;
  /** Of the moment: aborted when the hub closes or restarts. */
  life: () => AbortSignal;
}

/** Talks to one callback URL. */
export class WebhookDelivery {
  readonly channel = 'webhook';
  readonly callback: string;
  readonly #secret: string | undefined;
  readonly #settings: WebhookSettings;

  constructor(callback: string, secret: string | undefined, settings: WebhookSettings) {
    this.callback = callback;
    this.#secret = secret;
    this.#settings = settings;
  }

  /** `hub.secret`. */
  get secret(): string | undefined {
    return this.#secret;
  }

  /** Asks the callback whether it wants what the fields say: a GET. Resolves to `undefined` when no answer came. */
  ask(fields: Record<string, string>, label: DeliveryLabel): Promise<{ status: number; body: string } | undefined> {
    return this.#get('verify', fields, label);
  }

  /** Tells the callback that its subscription is refused or over. */
  async deny(fields: Record<string, string>, label: DeliveryLabel): Promise<void> {
    await this.#get('deny', fields, label);
  }

  /**
   * Posts a notification, signed over the exact bytes.
   *
   * @returns the status, or `undefined` when no answer came
   */
  async notify(
    body: string | Uint8Array,
    label: DeliveryLabel,
    { signature = 'valid' as SignatureChoice, timeoutMs = this.#settings.answerTimeoutMs } = {},
  ): Promise<number | undefined> {
    const bytes = Buffer.from(body);
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (signature === 'valid' && this.#secret !== undefined) {
      headers['X-Hub-Signature'] = signFor(this.#settings.traits, this.#secret, bytes);
    }
    if (signature !== 'valid' && signature !== 'missing') headers['X-Hub-Signature'] = signature;
    const sent: HubMessageEntry = {
      direction: 'out',
      kind: 'notify',
      channel: 'webhook',
      body: bytes.toString(),
      ...label,
    };
    const signed = headers['X-Hub-Signature'];
    this.#settings.record(signed === undefined ? sent : { ...sent, signature: signed });
    const answer = await this.#request(
      'notify',
      this.callback,
      { method: 'POST', headers, body: bytes },
      label,
      timeoutMs,
    );
    return answer?.status;
  }

  /**
   * Waits for the answer to a notification that was lost on its way.
   *
   * @returns `undefined`, when the time for an answer is over
   */
  async waitInVain(label: DeliveryLabel): Promise<undefined> {
    const signal = this.#settings.life();
    await sleep(this.#settings.answerTimeoutMs, undefined, { signal, ref: false }).catch(() => undefined);
    this.#settings.record({ direction: 'in', kind: 'answer', about: 'notify', channel: 'webhook', ...label });
  }

  async #get(
    kind: HubMessageKind,
    fields: Record<string, string>,
    label: DeliveryLabel,
  ): Promise<{ status: number; body: string } | undefined> {
    this.#settings.record({ direction: 'out', kind, channel: 'webhook', fields, ...label });
    if (!URL.canParse(this.callback)) return undefined;
    const url = withFields(this.callback, fields, this.#settings.traits);
    return this.#request(kind, url, { method: 'GET' }, label, this.#settings.answerTimeoutMs);
  }

  async #request(
    about: HubMessageKind,
    url: string,
    init: RequestInit,
    label: DeliveryLabel,
    timeoutMs: number,
  ): Promise<{ status: number; body: string } | undefined> {
    const entry: HubMessageEntry = { direction: 'in', kind: 'answer', about, channel: 'webhook', ...label };
    // AbortSignal.any() is not used: in Node 20 what it makes may be collected as garbage before it aborts.
    const limit = new AbortController();
    const abort = () => limit.abort();
    const timer = setTimeout(abort, timeoutMs);
    timer.unref?.();
    const life = this.#settings.life();
    life.addEventListener('abort', abort);
    if (life.aborted) abort();
    try {
      // A redirect is not followed: what is sent belongs to this callback and to nobody else.
      const response = await fetch(url, { ...init, redirect: 'manual', signal: limit.signal });
      const body = await response.text();
      this.#settings.record({ ...entry, status: response.status, body });
      return { status: response.status, body };
    } catch {
      this.#settings.record(entry);
      // Nobody looks whether there was an answer before it is read.
      const broken = about === 'notify' && this.#settings.traits.callbackFailure === 'crash' && !limit.signal.aborted;
      if (broken) this.#settings.shared.crash('a callback that gave no answer');
      return undefined;
    } finally {
      clearTimeout(timer);
      life.removeEventListener('abort', abort);
    }
  }
}

/** A callback's URL with more fields in its query. */
function withFields(callback: string, fields: Record<string, string>, { callbackJoin }: HubTraits): string {
  const url = new URL(callback);
  if (callbackJoin === 'ampersand') {
    for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, value);
  } else {
    url.search += new URLSearchParams(fields).toString();
  }
  return url.href;
}
