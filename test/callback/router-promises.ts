import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type {
  CallbackAnswer,
  CallbackHandler,
  CallbackRequest,
  CallbackRouter,
  LostReason,
  RouterOptions,
} from '../../src/callback/index.ts';

/** Two ways into one routing: for a router in memory the same one, for others two instances. */
export interface Doors {
  readonly router: CallbackRouter;
  readonly other: CallbackRouter;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A request whose body is a text. */
export const requestOf = (method: string, text = ''): CallbackRequest => ({
  method,
  query: '',
  signature: undefined,
  body: bytes(text),
});

/** The text of a request's body. */
export const textOf = ({ body }: CallbackRequest): string =>
  typeof body === 'string' ? body : new TextDecoder().decode(body);

const ok = (): CallbackAnswer => ({ status: 200, body: '' });
const NEVER = new Promise<never>(() => {});

let ids = 0;
/** An id that no other test has. */
export const nextId = (): string => `id-${ids++}-${'0'.repeat(16)}`;

/** A promise that the test settles. */
export function deferred<Value>() {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Value>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}

/** Less than any test may take, and enough to be late. */
const SOON_MS = 200;

/**
 * What every router promises (see `CallbackRouter`).
 *
 * @param open makes a router with options, and lets go of it with the test
 */
export function routerPromises(open: (options?: RouterOptions) => Doors | Promise<Doors>): void {
  describe('one owner', () => {
    it('gets the request as it is, and its answer goes back as it is', async () => {
      const { router, other } = await open();
      const id = nextId();
      const seen: CallbackRequest[] = [];
      const answer = {
        status: 207,
        body: 'Åse <\u{1f600}>\n\u0000',
        headers: { 'Content-Type': 'text/plain', 'X-A': 'b' },
      };
      await router.register(id, (request) => {
        seen.push(request);
        return answer;
      });
      const requests: CallbackRequest[] = [
        { method: 'GET', query: 'hub.mode=denied&hub.reason=%C3%85&a=b?c', signature: undefined, body: bytes('') },
        { method: 'POST', query: '', signature: 'sha256=00', body: Uint8Array.from({ length: 256 }, (_, at) => at) },
        { method: 'POST', query: 'a\n{"x": 1}', signature: '', body: 'too-large' },
        { method: 'PUT', query: '', signature: undefined, body: bytes('\n\r\n {"id":"Åse"}') },
      ];
      for (const request of requests) expect(await other.dispatch(id, request)).toEqual(answer);
      expect(
        seen.map((request) => ({
          ...request,
          body: typeof request.body === 'string' ? request.body : [...request.body],
        })),
      ).toEqual(
        requests.map((request) => ({
          ...request,
          body: typeof request.body === 'string' ? request.body : [...request.body],
        })),
      );
    });

    it('is the newest, and the former one gets nothing more', async () => {
      const { router, other } = await open();
      const id = nextId();
      const seen: string[] = [];
      const handler =
        (name: string): CallbackHandler =>
        (request) => {
          seen.push(`${name} ${textOf(request)}`);
          return ok();
        };
      await router.register(id, handler('first'));
      await other.dispatch(id, requestOf('POST', '1'));
      await other.register(id, handler('second'));
      await router.dispatch(id, requestOf('POST', '2'));
      await router.register(id, handler('third'));
      await router.register(id, handler('fourth'));
      await other.dispatch(id, requestOf('POST', '3'));
      await router.dispatch(id, requestOf('POST', '4'));
      expect(seen).toEqual(['first 1', 'second 2', 'fourth 3', 'fourth 4']);
    });

    it('may still answer what it was given before it was replaced', async () => {
      const { router } = await open();
      const id = nextId();
      const given = deferred<void>();
      const answer = deferred<CallbackAnswer>();
      await router.register(id, () => {
        given.resolve();
        return answer.promise;
      });
      const dispatched = router.dispatch(id, requestOf('POST'));
      await given.promise;
      await router.register(id, () => ({ status: 500, body: 'not asked' }));
      answer.resolve({ status: 209, body: '' });
      expect(await dispatched).toMatchObject({ status: 209 });
    });

    it('is not replaced in another id', async () => {
      const { router, other } = await open();
      const [first, second] = [nextId(), nextId()];
      await router.register(first, () => ({ status: 201, body: '' }));
      await other.register(second, () => ({ status: 202, body: '' }));
      expect(await router.dispatch(first, requestOf('POST'))).toMatchObject({ status: 201 });
      expect(await router.dispatch(second, requestOf('POST'))).toMatchObject({ status: 202 });
    });

    it('that throws, rejects or answers nothing is a failure of its own request alone', async () => {
      const { router, other } = await open();
      const id = nextId();
      const failure = new Error('a failure of the app');
      await router.register(id, (request) => {
        if (textOf(request) === 'throw') throw failure;
        if (textOf(request) === 'nothing') return Promise.resolve(undefined as never);
        return textOf(request) === 'reject' ? Promise.reject(failure) : ok();
      });
      const status = async (text: string) => {
        try {
          const answer: CallbackAnswer | undefined = await other.dispatch(id, requestOf('POST', text));
          return answer?.status ?? 500;
        } catch {
          return 500;
        }
      };
      expect(await Promise.all(['throw', 'reject', 'nothing', 'fine'].map(status))).toEqual([500, 500, 500, 200]);
    });
  });

  describe('an id that nobody owns', () => {
    it('is 404, also when it was released without being owned', async () => {
      const { router, other } = await open();
      const id = nextId();
      for (const method of ['GET', 'POST'])
        expect(await router.dispatch(id, requestOf(method))).toMatchObject({ status: 404 });
      await router.release(id);
      expect(await other.dispatch(id, requestOf('POST'))).toMatchObject({ status: 404, body: '' });
    });

    it('is 410 once it was owned and given up, and owned again when it is registered again', async () => {
      const { router, other } = await open();
      const id = nextId();
      await router.register(id, ok);
      await router.release(id);
      await router.release(id);
      for (const door of [router, other]) {
        for (const method of ['GET', 'POST'])
          expect(await door.dispatch(id, requestOf(method))).toMatchObject({ status: 410 });
      }
      await other.register(id, ok);
      expect(await router.dispatch(id, requestOf('POST'))).toMatchObject({ status: 200 });
      await other.release(id);
      expect(await router.dispatch(id, requestOf('POST'))).toMatchObject({ status: 410 });
    });

    it.each(['', '__proto__', 'constructor', 'a b\n*', '\u{1f600}'])('may be called anything: %j', async (id) => {
      const { router } = await open();
      expect(await router.dispatch(id, requestOf('POST'))).toMatchObject({ status: 404 });
    });
  });

  describe('an owner that takes too long', () => {
    it('does not keep the hub waiting: 202 to an event, which it gets once', async () => {
      const { router, other } = await open({ answerWithinMs: SOON_MS });
      const id = nextId();
      const seen: string[] = [];
      await router.register(id, (request) => {
        seen.push(textOf(request));
        return NEVER;
      });
      expect(await other.dispatch(id, requestOf('POST', 'event'))).toMatchObject({ status: 202, body: '' });
      expect(await router.dispatch(id, requestOf('POST', 'next'))).toMatchObject({ status: 202, body: '' });
      await vi.waitFor(() => expect(seen).toEqual(['event', 'next']));
    });

    it('is 503 to a verification, which must not be taken for a no', async () => {
      const { router, other } = await open({ answerWithinMs: SOON_MS });
      const id = nextId();
      await router.register(id, () => NEVER);
      const answer = await other.dispatch(id, requestOf('GET'));
      expect(answer).toMatchObject({ status: 503, body: '' });
      expect(Number(answer.headers?.['Retry-After'])).toBeGreaterThan(0);
    });

    it('reports an event as lost when it fails after all, and no other', async () => {
      const lost: LostReason[] = [];
      const { router, other } = await open({ answerWithinMs: SOON_MS, onLost: (reason) => lost.push(reason) });
      const id = nextId();
      const answers = new Map(
        ['good', 'refused', 'rejects', 'fails', 'GET'].map((text) => [text, deferred<CallbackAnswer>()]),
      );
      const seen = new Set<string>();
      await router.register(id, (request) => {
        seen.add(textOf(request));
        return answers.get(textOf(request))?.promise ?? NEVER;
      });
      await Promise.all(
        [...answers.keys()].map((text) => other.dispatch(id, requestOf(text === 'GET' ? 'GET' : 'POST', text))),
      );
      // A verification that came too late to be answered may as well never have been handed over.
      await vi.waitFor(() =>
        expect([...seen]).toEqual(expect.arrayContaining(['good', 'refused', 'rejects', 'fails'])),
      );
      answers.get('GET')?.reject(new Error('late'));
      answers.get('good')?.resolve(ok());
      answers.get('refused')?.resolve({ status: 409, body: '' });
      answers.get('rejects')?.reject(new Error('late'));
      answers.get('fails')?.resolve({ status: 500, body: '' });
      await vi.waitFor(() => expect(lost).toEqual(['owner-failed', 'owner-failed']));
      // What is asked after them is answered after them: nothing else was on its way.
      await router.register(id, ok);
      await other.dispatch(id, requestOf('POST'));
      expect(lost).toHaveLength(2);
    });
  });

  describe('the order of an id', () => {
    it('is that in which its requests were dispatched, and none waits for another', async () => {
      const { router, other } = await open();
      const id = nextId();
      const seen: string[] = [];
      const first = deferred<CallbackAnswer>();
      await router.register(id, (request) => {
        seen.push(textOf(request));
        return seen.length === 1 ? first.promise : ok();
      });
      const waiting = other.dispatch(id, requestOf('POST', '1'));
      const verified = other.dispatch(id, requestOf('GET', '2'));
      expect(await other.dispatch(id, requestOf('POST', '3'))).toMatchObject({ status: 200 });
      expect(await verified).toMatchObject({ status: 200 });
      expect(seen).toEqual(['1', '2', '3']);
      first.resolve(ok());
      expect(await waiting).toMatchObject({ status: 200 });
    });

    it('holds for any mixture of ids, methods, sizes and owners', async () => {
      const { router, other } = await open();
      const request = fc.record({
        to: fc.nat(2),
        method: fc.constantFrom('GET', 'POST'),
        size: fc.constantFrom(0, 10, 20_000),
        takes: fc.constantFrom('none', 'a turn', 'some turns'),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 40 }), async (requests) => {
          const seen: number[][] = [[], [], []];
          const targets = await Promise.all(
            seen.map(async (numbers, at) => {
              const id = nextId();
              await (at === 1 ? other : router).register(id, (received) => {
                const number = Number(received.query);
                numbers.push(number);
                const takes = requests[number]?.takes;
                if (takes === 'none') return ok();
                return new Promise((resolve) =>
                  takes === 'a turn' ? queueMicrotask(() => resolve(ok())) : setImmediate(() => resolve(ok())),
                );
              });
              return id;
            }),
          );
          const answers = await Promise.all(
            requests.map(({ to, method, size }, number) =>
              other.dispatch(targets[to] ?? '', { ...requestOf(method, 'x'.repeat(size)), query: String(number) }),
            ),
          );
          expect(answers.every(({ status }) => status === 200)).toBe(true);
          expect(seen).toEqual(
            [0, 1, 2].map((to) => requests.flatMap((sent, number) => (sent.to === to ? [number] : []))),
          );
        }),
        { numRuns: 25 },
      );
    });
  });

  describe('what waits', () => {
    it('is bounded for each id: one more is 503, and has a place when another was answered', async () => {
      const { router, other } = await open({ maxWaiting: 2 });
      const [id, quiet] = [nextId(), nextId()];
      const answers: ((answer: CallbackAnswer) => void)[] = [];
      await router.register(id, () => new Promise((resolve) => answers.push(resolve)));
      await router.register(quiet, ok);
      const waiting = [other.dispatch(id, requestOf('POST')), other.dispatch(id, requestOf('GET'))];
      const refused = await other.dispatch(id, requestOf('POST'));
      expect(refused).toMatchObject({ status: 503, body: '' });
      expect(Number(refused.headers?.['Retry-After'])).toBeGreaterThan(0);
      expect(await other.dispatch(quiet, requestOf('POST'))).toMatchObject({ status: 200 });
      await vi.waitFor(() => expect(answers).toHaveLength(2));
      answers[0]?.(ok());
      expect(await waiting[0]).toMatchObject({ status: 200 });
      waiting.push(Promise.resolve(other.dispatch(id, requestOf('POST'))));
      await vi.waitFor(() => expect(answers).toHaveLength(3));
      for (const answer of answers) answer(ok());
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
    });
  });

  describe('the options', () => {
    it.each([
      ['answerWithinMs', { answerWithinMs: 0 }],
      ['answerWithinMs', { answerWithinMs: Number.NaN }],
      ['answerWithinMs', { answerWithinMs: 2 ** 31 }],
      ['maxWaiting', { maxWaiting: 0 }],
      ['maxWaiting', { maxWaiting: Number.NaN }],
    ])('refuse a %s that cannot work: %j', async (at, options) => {
      await expect((async () => open(options))()).rejects.toMatchObject({ code: 'option-invalid', at });
    });
  });
}
