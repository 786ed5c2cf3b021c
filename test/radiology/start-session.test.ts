import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FhircastClient } from '../../src/index.ts';
import { clientFromUrl } from '../../src/launch/index.ts';
import { launchUrl, newTopic, RadiologyError } from '../../src/radiology/index.ts';
import { startTestHub, TEST_PATIENTS } from '../../src/testing/index.ts';

const HUB = 'https://hub.example.org/fhircast';

describe('newTopic()', () => {
  it('is 256 bits of the platform’s random source, and never the same', () => {
    const random = vi.spyOn(crypto, 'getRandomValues');
    onTestFinished(() => random.mockRestore());
    const topics = Array.from({ length: 100 }, newTopic);
    for (const topic of topics) expect(topic).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(topics).size).toBe(100);
    expect(random).toHaveBeenCalledTimes(100);
  });
});

describe('launchUrl()', () => {
  it.each([
    ['https://viewer.example.org', 'https://viewer.example.org?hub.url=…&hub.topic=…'],
    ['https://viewer.example.org/?', 'https://viewer.example.org/?hub.url=…&hub.topic=…'],
    ['/viewer?a=%20b&c#/route?x=1', '/viewer?a=%20b&c&hub.url=…&hub.topic=…#/route?x=1'],
    ['/viewer?Hub.Topic=old&a=1&cast-hub=old&hub%2Eurl=old', '/viewer?a=1&hub.url=…&hub.topic=…'],
  ])('adds the session to %s, and leaves the rest as it is', (app, expected) => {
    const url = launchUrl(app, { hub: HUB, topic: 'a b&c' });
    expect(url).toBe(
      expected.replace('hub.url=…', `hub.url=${encodeURIComponent(HUB)}`).replace('hub.topic=…', 'hub.topic=a+b%26c'),
    );
  });

  it.each([
    ['appUrl', undefined, HUB, 'x'],
    ['hub', '/', 'javascript:alert(1)', 'x'],
    ['hub', '/', undefined, 'x'],
    ['topic', '/', HUB, ''],
    ['topic', '/', HUB, undefined],
  ])('refuses a wrong %s', (at, app, hub, topic) => {
    const launch = () => launchUrl(app as string, { hub: hub as string, topic: topic as string });
    expect(launch).toThrow(RadiologyError);
    expect(launch).toThrow(expect.objectContaining({ code: 'option-invalid', at }));
  });

  it('starts another app in the session: what one opens, the other shows', async () => {
    const hub = await startTestHub({ personality: 'stu3' });
    const session = hub.openSession();
    const { accessToken } = session;
    const url = launchUrl('https://viewer.example.org/app?theme=dark', { hub: hub.url, topic: session.id });
    const worklist = new FhircastClient({ hubUrl: hub.url, topic: session.id, accessToken });
    const viewer = clientFromUrl(url, { hubs: [hub.url], accessToken });
    onTestFinished(async () => {
      await Promise.all([worklist.unsubscribe(), viewer.unsubscribe()]);
      await hub.close();
    });
    const opened = new Promise((resolve) => viewer.once('Patient-open', ({ patient }) => resolve(patient.id)));
    await viewer.ready();
    const [patient] = TEST_PATIENTS;
    if (!patient) throw new Error('There is no patient.');
    await worklist.requestContextChange('Patient-open', { patient });
    expect(await opened).toBe(patient.id);
  });
});
