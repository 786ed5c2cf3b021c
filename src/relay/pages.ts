import type { CallbackHandler, CallbackRouter } from '../callback/callback-router.ts';
import { answerOf, type CallbackAnswer, type CallbackRequest } from '../callback/request.ts';
import { randomHex } from '../web/random.ts';
import { BAD_REQUEST, GONE, NO_CONTENT, NOT_FOUND, OK, UNAVAILABLE } from '../web/status.ts';
import { after } from '../web/timers.ts';
import { Page } from './page.ts';
import type { RelaySettings } from './relay-options.ts';
import { type HandoverMessage, isPage, parseAnswer, parseHandover } from './wire.ts';
import { within } from './within.ts';

const utf8 = new TextEncoder();

/** How long another relay may take to hand a page over, in milliseconds. The page shows nothing new meanwhile. */
const HANDOVER_WITHIN_MS = 1_500;

/** How often a relay that leaves looks whether its pages have gone, in milliseconds. */
const LOOK_EVERY_MS = 50;

/** What relays ask of the one that has a page. No hub can: it does not know the id. */
const METHODS = { answer: 'ANSWER', end: 'END', take: 'TAKE' } as const;

/** A page, and what belongs to it. */
export interface Opened {
  readonly page: Page;
  readonly capability: string;
  /** The id of its callback URL. */
  readonly callbackId: string;
  /** The id under which other relays reach the one that has it. */
  readonly controlId: string;
}

/**
 * Makes an id of a capability. Whoever knows the id does not know the capability, so that only the page can claim its callback.
 */
async function idOf(purpose: string, capability: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8.encode(`fhircast-relay ${purpose} ${capability}`));
  return Array.from(new Uint8Array(digest, 0, 24), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const textOf = ({ body }: CallbackRequest): string => (typeof body === 'string' ? '' : new TextDecoder().decode(body));

/** How long a router may take to do what it is asked, in milliseconds. */
const ROUTER_WITHIN_MS = 10_000;

/** The pages of one relay, by their capabilities. */
export class Pages {
  readonly #settings: RelaySettings;
  readonly #router: CallbackRouter;
  readonly #opened = new Map<string, Promise<Opened>>();
  readonly #load = { bytes: 0 };

  constructor(settings: RelaySettings, router: CallbackRouter) {
    this.#settings = settings;
    this.#router = router;
  }

  /** How many pages are open or waited for. */
  get size(): number {
    return this.#opened.size;
  }

  /** Whether there is room for another page. */
  isFull(capability: string | undefined): boolean {
    return this.#opened.size >= this.#settings.maxPages && !this.#opened.has(capability ?? '');
  }

  /**
   * Opens a page, or finds it again: here, or at another relay.
   *
   * @param capability the page's, or nothing for a new one
   * @throws what the router throws
   */
  async open(capability: string | undefined): Promise<Opened> {
    const known = this.#opened.get(capability ?? '');
    if (known) return known;
    const name = capability ?? randomHex(24);
    const opening = this.#make(name, capability === undefined);
    this.#opened.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      this.#opened.delete(name);
      throw error;
    }
  }

  /**
   * Takes a page's answer to where the request waits.
   *
   * @returns the HTTP status for the page
   */
  async answer(capability: string, text: string): Promise<number> {
    const known = await this.#opened.get(capability);
    if (known) return this.#answer(known.page, text);
    const { status } = await this.#control(await idOf('control', capability), METHODS.answer, text);
    return status;
  }

  /** Closes a page, wherever it is. */
  async closePage(capability: string): Promise<void> {
    if (this.#opened.has(capability)) await this.#remove(capability, GONE);
    else await this.#control(await idOf('control', capability), METHODS.end, '');
  }

  /**
   * Lets the pages go to other relays.
   *
   * @param withinMs how long they may take, in milliseconds
   */
  async close(withinMs: number): Promise<void> {
    for (const opening of this.#opened.values())
      opening.then(
        ({ page }) => page.closeStream(),
        () => {},
      );
    const until = performance.now() + withinMs;
    while (this.#opened.size > 0 && performance.now() < until)
      await new Promise<void>((resolve) => after(LOOK_EVERY_MS, resolve));
    await Promise.all([...this.#opened.keys()].map((capability) => this.#remove(capability, UNAVAILABLE)));
  }

  async #make(capability: string, isNew: boolean): Promise<Opened> {
    const [callbackId, controlId] = await Promise.all([idOf('callback', capability), idOf('control', capability)]);
    const page = new Page({
      settings: this.#settings,
      load: this.#load,
      over: () => void this.#remove(capability, UNAVAILABLE),
    });
    const opened: Opened = { page, capability, callbackId, controlId };
    try {
      if (!isNew) page.hold();
      await this.#register(callbackId, (request) => page.handle(request));
      const handoverId = isNew ? undefined : await this.#takeOver(page, controlId);
      await this.#register(controlId, (request) => {
        // What was asked of a relay that is gone comes back to who has asked.
        return textOf(request) === handoverId ? answerOf(GONE) : this.#controlled(opened, request);
      });
    } catch (error) {
      // Nobody would find the page that owns them.
      page.close(answerOf(UNAVAILABLE));
      await Promise.all([this.#release(callbackId), this.#release(controlId)]);
      throw error;
    }
    return opened;
  }

  /**
   * Fetches what another relay holds for a page.
   *
   * @returns the id to which it was to be sent
   */
  async #takeOver(page: Page, controlId: string): Promise<string> {
    const handoverId = randomHex(24);
    let took = () => {};
    await this.#register(handoverId, (request) => {
      const answer = page.handOver(request);
      took();
      return answer;
    });
    /** What was said, once all of it is here. */
    const ask = async (): Promise<HandoverMessage | undefined> => {
      const { status, body } = await this.#control(controlId, METHODS.take, handoverId);
      const handover = status === OK ? parseHandover(body) : undefined;
      if (handover)
        await new Promise<void>((resolve) => {
          took = () => page.handedOver >= handover.events && resolve();
          took();
        });
      return handover;
    };
    try {
      // What is not complete has an epoch of its own.
      const handover = await within(HANDOVER_WITHIN_MS, ask()).catch(() => undefined);
      if (handover) page.epoch = handover.epoch;
    } finally {
      page.proceed();
      await this.#release(handoverId);
    }
    return handoverId;
  }

  /** What another relay wants of a page that is here. */
  async #controlled({ page, capability, controlId }: Opened, request: CallbackRequest): Promise<CallbackAnswer> {
    const text = textOf(request);
    if (request.method === METHODS.answer) return answerOf(this.#answer(page, text));
    if (request.method === METHODS.end) {
      await this.#remove(capability, GONE);
      return answerOf(NO_CONTENT);
    }
    if (request.method !== METHODS.take || !isPage(text)) return answerOf(BAD_REQUEST);
    page.replace();
    const events = page.take(async (held) => this.#router.dispatch(text, held));
    // The callback has its new owner by now, who takes this id next.
    this.#opened.delete(capability);
    page.close(answerOf(UNAVAILABLE));
    await this.#release(controlId);
    return { status: OK, body: JSON.stringify({ epoch: page.epoch, events }) };
  }

  #answer(page: Page, text: string): number {
    const message = parseAnswer(text);
    if (!message) return BAD_REQUEST;
    return page.answer(message) ? NO_CONTENT : NOT_FOUND;
  }

  /** Whatever router the app has brought, it holds no request open for ever. */
  #register(id: string, handler: CallbackHandler): Promise<void> {
    return within(ROUTER_WITHIN_MS, this.#router.register(id, handler));
  }

  async #release(id: string): Promise<void> {
    await within(ROUTER_WITHIN_MS, this.#router.release(id)).catch(() => {});
  }

  async #control(id: string, method: string, text: string): Promise<CallbackAnswer> {
    return within(
      ROUTER_WITHIN_MS,
      this.#router.dispatch(id, { method, query: '', signature: undefined, body: utf8.encode(text) }),
    );
  }

  async #remove(capability: string, status: number): Promise<void> {
    const known = await this.#opened.get(capability)?.catch(() => undefined);
    if (!known || !this.#opened.delete(capability)) return;
    const { page, callbackId, controlId } = known;
    page.close(answerOf(status));
    // Whoever has taken them over owns them now, and keeps them.
    await Promise.all([this.#release(callbackId), this.#release(controlId)]);
  }
}
