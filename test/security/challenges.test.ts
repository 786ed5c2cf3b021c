import { describe, expect, it } from 'vitest';
import { listen, openSocket, openSubscription, TOPIC } from '../callback/support.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '<',
  '>',
  'a\r\nSet-Cookie: a=b',
  'a\nb',
  '\u0000',
  '\u001b[31m',
  '\u0085',
  'x'.repeat(2_049),
];

const queryOf = (challenge: string) =>
  new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.challenge': challenge }).toString();

describe('A challenge is made to run in a browser', () => {
  it('and is echoed as text that no browser interprets, keeps or frames with anything', async () => {
    const { endpoint, id } = await openSubscription();
    const { origin } = await listen(endpoint.node);
    const challenge = `javascript:alert(1)//&lt;b&gt;"'\`\${1}+ADw-script+AD4-`;
    for (const answer of [
      await fetch(`${origin}/${id}?${queryOf(challenge)}`),
      await endpoint.fetch(new Request(`https://app.example.org/${id}?${queryOf(challenge)}`)),
    ]) {
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe(challenge);
      const { headers } = answer;
      // What the specification asks for, with a character set, so that none is guessed (UTF-7).
      expect(headers.get('content-type')).toMatch(/^text\/(plain|html); charset=utf-8$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('set-cookie')).toBeNull();
    }
  });

  it.each(HOSTILE)('and is 404 without a body when it could be more than text: %j', async (challenge) => {
    const { endpoint, id } = await openSubscription();
    const { origin } = await listen(endpoint.node);
    const answer = await fetch(`${origin}/${id}?${queryOf(challenge)}`);
    expect([answer.status, await answer.text()]).toEqual([404, '']);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const web = await endpoint.fetch(new Request(`https://app.example.org/${id}?${queryOf(challenge)}`));
    expect([web.status, await web.text()]).toEqual([404, '']);
  });

  it('and nothing else of a request comes back, whatever the request is', async () => {
    const { endpoint, id } = await openSubscription();
    const { port } = await listen(endpoint.node);
    for (const line of [
      `GET /${id}/<marker> HTTP/1.1`,
      `GET /${id}?<marker> HTTP/1.1`,
      `GET /${id}?hub.mode=subscribe&hub.topic=marker&hub.challenge=marker HTTP/1.1`,
      `PUT /${id}?marker HTTP/1.1`,
      `POST /${id}?marker HTTP/1.1`,
      'GET /marker HTTP/1.1',
      'marker',
    ]) {
      const { socket, closed } = await openSocket(port);
      let text = '';
      socket.on('data', (data: string) => {
        text += data;
      });
      socket.end(`${line}\r\nHost: marker\r\nX-Hub-Signature: marker\r\nConnection: close\r\n\r\n`);
      await closed;
      expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(text).not.toContain('marker');
    }
  });
});
