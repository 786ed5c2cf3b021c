/** A hub without a network: it speaks STU3 to one client, through that client's own `fetch` and `webSocket`. It runs in pages, too. */
import type { WebSocketLike } from '../../channels/websocket/socket.ts';
import { canonicalName } from '../../events/names.ts';
import type { FetchLike } from '../../hub/http.ts';
import { randomHex } from '../../web/random.ts';

/** One entry of an event's context, as it is sent. */
export interface FakeEntry {
  /** Such as `patient`. */
  readonly key: string;
  /** A resource of FHIR. */
  readonly resource?: object;
  /** In its place, where a version says so. */
  readonly reference?: FakeReference;
}

/** Where a resource is. */
export interface FakeReference {
  /** Its type and id, as in `Patient/1`. */
  readonly reference: string;
}

/** What the app answered to an event. */
export interface FakeAnswer {
  /** The event's id. */
  readonly id: string;
  /** The event's name, as STU3 spells it. */
  readonly event: string;
  /** 200: followed; 202: at work; 409: refused; 500: a listener failed. */
  readonly status: number;
}

interface Opened {
  readonly name: string;
  readonly id: string;
  readonly context: readonly FakeEntry[];
  versionId: string;
  /** By type and id. */
  readonly content: Map<string, object>;
}

const HUB_URL = 'https://fake-hub.example.org/fhircast';
const ENDPOINT = 'wss://fake-hub.example.org/socket';
const TOPIC = 'fake-session';
const OPEN = 1;
const CLOSED = 3;
/** How a connection ends that is lost. */
const LOST = 1006;

/** In memory, it is as if a network had carried it: never in the same breath. */
const breath = (): Promise<void> => Promise.resolve();

/** As much of an answer as the client reads: not every page of a test has `Response`. */
const answer = (status: number, body?: unknown): Response =>
  ({
    status,
    ok: status >= 200 && status < 300,
    type: 'basic',
    headers: { get: () => null },
    body: null,
    text: async () => (typeof body === 'string' ? body : JSON.stringify(body ?? '')),
  }) as unknown as Response;

const isVerb = (name: string, verb: string): boolean => name.endsWith(`-${verb}`);

/** What a context is about: the type and id of the resource that its event is named by. */
function anchorOf(name: string, context: readonly FakeEntry[]): string {
  const type = canonicalName(name).split('-')[0] ?? '';
  for (const { resource, reference } of context) {
    const { resourceType, id } = (resource ?? {}) as { resourceType?: unknown; id?: unknown };
    if (resourceType === type) return `${type}/${String(id)}`;
    if (reference?.reference.startsWith(`${type}/`)) return reference.reference;
  }
  return type;
}

/** The hub of a fake client. */
export class MemoryHub {
  /** What the client is made with. */
  readonly session = { hubUrl: HUB_URL, topic: TOPIC } as const;
  /** Where its websockets are. */
  readonly endpoint = ENDPOINT;
  /** What the app is subscribed to, as STU3 spells it. */
  events: readonly string[] = [];
  /** Every answer of the app, the oldest first. */
  readonly answers: FakeAnswer[] = [];
  /** Whether it can be reached. */
  isReachable = true;
  /** Whether it tells the current context when it is asked. */
  tellsContext = true;
  /** By which status the next change of the app is refused. */
  refusal: number | undefined;
  readonly #open: Opened[] = [];
  #current: Opened | undefined;
  #socket: MemorySocket | undefined;
  readonly #waiting = new Map<string, { readonly name: string; answered(status: number | undefined): void }>();

  /** The event that opened what is current. */
  get current(): { readonly name: string; readonly id: string; readonly context: readonly FakeEntry[] } | undefined {
    return this.#current;
  }

  /** Answers what the client asks. */
  readonly fetch: FetchLike = async (url, { method, body, headers }) => {
    await breath();
    if (!this.isReachable) throw new TypeError('Failed to fetch');
    if (url.endsWith('/.well-known/fhircast-configuration'))
      return answer(200, {
        websocketSupport: true,
        webhookSupport: false,
        fhircastVersion: 'STU3',
        capabilities: { supportsGetCurrentContext: true },
      });
    if (method === 'GET') return this.#tellCurrent();
    const type = (headers as Record<string, string> | undefined)?.['Content-Type'];
    if (type === 'application/x-www-form-urlencoded') return this.#subscription(new URLSearchParams(String(body)));
    return this.#change(JSON.parse(String(body)));
  };

  /** Opens the client's websocket. */
  readonly webSocket = (): WebSocketLike => {
    const socket = new MemorySocket((text) => this.#heard(text));
    void breath().then(() => {
      if (socket.readyState === CLOSED) return;
      if (!this.isReachable) return socket.end(LOST);
      this.#socket = socket;
      socket.opened();
      const confirmed = { 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.lease_seconds': 7200 };
      socket.receive(JSON.stringify({ ...confirmed, 'hub.events': this.events.join(',') }));
    });
    return socket;
  };

  /** Loses the connection. */
  drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    for (const { answered } of this.#waiting.values()) answered(undefined);
    this.#waiting.clear();
    socket?.end(LOST);
  }

  /**
   * Takes an event as a hub does, and tells the app.
   *
   * @returns what the app answered; `undefined` where it is not told, or gone before it answered
   */
  async publish(event: string, context: readonly FakeEntry[], id = randomHex(8)): Promise<FakeAnswer | undefined> {
    const name = canonicalName(event);
    const versions = this.#follow(name, id, context);
    const socket = this.#socket;
    const isTold = this.events.some((one) => canonicalName(one) === name);
    if (socket?.readyState !== OPEN || !isTold) return undefined;
    const told = { 'hub.topic': TOPIC, 'hub.event': name, ...versions, context };
    const status = await new Promise<number | undefined>((answered) => {
      this.#waiting.set(id, { name, answered });
      socket.receive(JSON.stringify({ timestamp: new Date().toISOString(), id, event: told }));
    });
    // What it decided is known once its promises have run.
    await breath();
    return status === undefined ? undefined : { id, event: name, status };
  }

  #follow(name: string, id: string, context: readonly FakeEntry[]): Record<string, string> {
    const anchor = anchorOf(name, context);
    const at = this.#open.findIndex((one) => anchorOf(one.name, one.context) === anchor);
    const known = this.#open[at];
    if (isVerb(name, 'open') && name !== 'Home-open') {
      if (known) this.#open.splice(at, 1);
      const versionId = randomHex(4);
      this.#current = { name, id, context, versionId, content: known?.content ?? new Map() };
      this.#open.push(this.#current);
      return { 'context.versionId': versionId };
    }
    if (name === 'Home-open') this.#current = undefined;
    if (isVerb(name, 'close') && known) {
      this.#open.splice(at, 1);
      if (this.#current === known) this.#current = undefined;
    }
    if (!isVerb(name, 'update') || !known) return {};
    const priorVersionId = known.versionId;
    known.versionId = randomHex(4);
    applyTo(known.content, context);
    return { 'context.versionId': known.versionId, 'context.priorVersionId': priorVersionId };
  }

  #tellCurrent(): Response {
    if (!this.tellsContext) return answer(503, 'The fake hub does not tell the current context.');
    const current = this.#current;
    if (!current) return answer(200, { 'context.type': '', 'context.versionId': '', context: [] });
    const type = current.name.split('-')[0];
    const entry = [...current.content].map(([fullUrl, resource]) => ({ fullUrl, resource }));
    const content = { key: 'content', resource: { resourceType: 'Bundle', type: 'collection', entry } };
    const context = entry.length > 0 ? [...current.context, content] : current.context;
    return answer(200, { 'context.type': type, 'context.versionId': current.versionId, context });
  }

  #subscription(fields: URLSearchParams): Response {
    if (fields.get('hub.mode') === 'unsubscribe') {
      this.events = [];
      return answer(202);
    }
    this.events = (fields.get('hub.events') ?? '').split(',').filter((name) => name !== '');
    return answer(202, { 'hub.channel.endpoint': this.endpoint });
  }

  #change(sent: {
    id?: string;
    event?: { 'hub.event'?: string; context?: FakeEntry[]; 'context.versionId'?: string };
  }): Response {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) return answer(refusal, 'The fake hub refuses this change.');
    const { 'hub.event': name = '', context = [], 'context.versionId': basedOn } = sent.event ?? {};
    const anchor = anchorOf(name, context);
    const known = this.#open.find((one) => anchorOf(one.name, one.context) === anchor);
    if (isVerb(canonicalName(name), 'update') && basedOn !== known?.versionId)
      return answer(409, 'The update is based on another version.');
    // The answer is on its way first.
    void breath().then(() => this.publish(name, context, sent.id));
    return answer(202);
  }

  #heard(text: string): void {
    const { id, status } = JSON.parse(text) as { id?: string; status?: string };
    const waiting = this.#waiting.get(String(id));
    if (!waiting) return;
    this.#waiting.delete(String(id));
    this.answers.push({ id: String(id), event: waiting.name, status: Number(status) });
    waiting.answered(Number(status));
  }
}

/** Applies the Bundle of an update. */
function applyTo(content: Map<string, object>, context: readonly FakeEntry[]): void {
  const bundle = context.find(({ key }) => key === 'updates')?.resource as { entry?: unknown } | undefined;
  for (const { fullUrl, resource, request } of (bundle?.entry ?? []) as {
    fullUrl?: string;
    resource?: { resourceType: string; id: string };
    request?: { method: string; url?: string };
  }[]) {
    if (request?.method === 'DELETE') content.delete(fullUrl ?? request.url ?? '');
    else if (resource) content.set(`${resource.resourceType}/${resource.id}`, resource);
  }
}

/** One end of a websocket that leads to the hub. */
class MemorySocket implements WebSocketLike {
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onerror: WebSocketLike['onerror'] = null;
  onclose: WebSocketLike['onclose'] = null;
  readyState = 0;
  readonly send: (text: string) => void;

  constructor(heard: (text: string) => void) {
    this.send = (text) => void breath().then(() => heard(text));
  }

  /** The hub has taken it. */
  opened(): void {
    this.readyState = OPEN;
    (this.onopen as (() => void) | null)?.();
  }

  /** A frame of the hub. */
  receive(data: string): void {
    if (this.readyState === OPEN) this.onmessage?.({ data });
  }

  /** It is over. */
  end(code: number): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onclose?.({ code });
  }

  close(): void {
    this.end(1000);
  }
}
