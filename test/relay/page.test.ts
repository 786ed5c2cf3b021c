import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type CallbackRouter, MemoryRouter } from '../../src/callback/index.ts';
import { createRelay } from '../../src/relay/index.ts';
import { Page } from '../../src/relay/page.ts';
import { relaySettings } from '../../src/relay/relay-options.ts';
import { requestOf } from '../callback/router-promises.ts';

/** A page of no relay, and what its stream says. */
const openPage = () => {
  const over = vi.fn();
  const load = { bytes: 0 };
  const page = new Page({ settings: relaySettings({ baseUrl: 'http://localhost' }), load, over });
  const connect = () => {
    const said: string[] = [];
    const { body } = page.connect();
    const reader = body.getReader();
    const utf8 = new TextDecoder();
    const read = async (): Promise<void> => {
      const { done, value } = await reader.read();
      if (done) return void said.push('end');
      said.push(utf8.decode(value));
      return read();
    };
    void read();
    return { said, cancel: () => reader.cancel() };
  };
  return { page, load, over, connect };
};

describe('a page', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('that was away is not asked what a hub has stopped waiting for, but gets every event', async () => {
    const { page, connect, load } = openPage();
    const verification = page.handle(requestOf('GET'));
    const event = page.handle(requestOf('POST', 'event'));
    await vi.advanceTimersByTimeAsync(10_001);
    void page.handle(requestOf('GET', 'new'));
    const { said } = connect();
    await vi.advanceTimersByTimeAsync(0);
    expect(said.map((text) => /"method":"(\w+)"/.exec(text)?.[1])).toEqual(['POST', 'GET']);
    expect(await verification).toMatchObject({ status: 503 });
    page.close({ status: 410, body: '' });
    expect(await event).toMatchObject({ status: 410 });
    expect(load.bytes).toBe(0);
  });

  it('hears now and then that its stream lives', async () => {
    const { connect } = openPage();
    const { said } = connect();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(said).toEqual([':\n\n', ':\n\n', ':\n\n']);
  });

  it('that answers nothing is cut off, and waited for', async () => {
    const { page, connect, over } = openPage();
    const { said } = connect();
    void page.handle(requestOf('POST', 'event'));
    await vi.advanceTimersByTimeAsync(40_000);
    expect(said.at(-1)).toBe('end');
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(over).toHaveBeenCalledTimes(1);
  });

  it('that no hub has asked for is waited for only a little', async () => {
    const { connect, over } = openPage();
    await connect().cancel();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toHaveBeenCalledTimes(1);
  });

  it('that is back in time is not given up', async () => {
    const { page, connect, over } = openPage();
    const first = connect();
    void page.handle(requestOf('POST', 'event'));
    await first.cancel();
    await vi.advanceTimersByTimeAsync(59_000);
    const second = connect();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(over).not.toHaveBeenCalled();
    expect(second.said[0]).toContain('"method":"POST"');
  });
});

describe('a page that comes from another relay', () => {
  it('takes what came by both ways for one, and holds it once', async () => {
    const { page, connect, load } = openPage();
    page.hold();
    const request = requestOf('POST', 'event');
    const answers = [page.handle(request), page.handOver(request), page.handle(requestOf('POST', 'other'))];
    page.proceed();
    const { said } = connect();
    await vi.waitFor(() => expect(said).toHaveLength(2));
    const ids = said.map((text) => /"id":"([^"]+)"/.exec(text)?.[1] ?? '');
    for (const id of ids) expect(page.answer({ id, status: 201, body: '' })).toBe(true);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(load.bytes).toBe(0);
    page.close({ status: 410, body: '' });
  });

  it('is waited for as long as one that a hub has asked for: its hub has', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { page, connect, over } = openPage();
    page.hold();
    page.proceed();
    await connect().cancel();
    await vi.advanceTimersByTimeAsync(59_999);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toHaveBeenCalledTimes(1);
  });
});

describe('a page that cannot be registered as a whole', () => {
  it('leaves nothing behind', async () => {
    const honest = new MemoryRouter();
    const registered: string[] = [];
    const router: CallbackRouter = {
      register(id, handler) {
        if (registered.push(id) === 2) throw Object.assign(new Error('gone'), { retryable: true });
        honest.register(id, handler);
      },
      release: (id) => honest.release(id),
      dispatch: (id, request) => honest.dispatch(id, request),
    };
    const relay = createRelay({ baseUrl: 'http://localhost', router });
    const response = await relay.fetch(new Request('http://localhost/page', { method: 'POST' }));
    expect([response.status, response.headers.get('retry-after'), relay.pages]).toEqual([503, '2', 0]);
    expect(await honest.dispatch(registered[0] ?? '', requestOf('POST'))).toMatchObject({ status: 410 });
  });
});
