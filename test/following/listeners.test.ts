import { describe, expect, it } from 'vitest';
import { canonicalName } from '../../src/events/names.ts';
import { Listeners } from '../../src/following/listeners.ts';
import { eventOf } from '../client/support.ts';

/** Listeners, and how often the set of names may have changed. */
function listen() {
  const changes = { count: 0 };
  return { listeners: new Listeners(() => void changes.count++), changes };
}

const event = eventOf();

describe('listeners', () => {
  it('get the event of their name in any spelling, in the order in which they came, and those to everything last', () => {
    const { listeners } = listen();
    const heard: string[] = [];
    listeners.add('*', () => heard.push('*'), false);
    listeners.add('patient-open-chart', () => heard.push('alias'), false);
    listeners.add('PATIENT-OPEN', () => heard.push('case'), false);
    listeners.add('Patient-close', () => heard.push('other'), false);
    listeners.dispatch(event);
    expect(heard).toEqual(['alias', 'case', '*']);
  });

  it('are names for the hub, each once, without the client’s own', () => {
    const { listeners } = listen();
    for (const name of ['Patient-open', 'open-patient-chart', 'State', 'error', '*', 'org.example.Thing'])
      listeners.add(name, () => {}, false);
    expect(listeners.names).toEqual(['Patient-open', 'org.example.thing']);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('may have the name %s', (name) => {
    const { listeners } = listen();
    let heard = 0;
    listeners.add(name, () => heard++, false);
    expect(listeners.names).toEqual([name.toLowerCase()]);
    listeners.dispatch(eventOf({ name, context: [] }));
    listeners.remove(name);
    listeners.dispatch(eventOf({ name, context: [] }));
    expect(heard).toBe(1);
    expect(listeners.names).toEqual([]);
  });

  it('that throw do not keep the event from the others', () => {
    const { listeners } = listen();
    const heard: string[] = [];
    listeners.add('Patient-open', () => heard.push('first'), false);
    listeners.add(
      'Patient-open',
      () => {
        throw new Error('broken');
      },
      false,
    );
    listeners.add('Patient-open', () => heard.push('last'), false);
    expect(listeners.dispatch(event).failures).toMatchObject([{ message: 'broken' }]);
    expect(heard).toEqual(['first', 'last']);
  });

  it('that return promises are waited for, and no other value is', () => {
    const { listeners } = listen();
    const promise = Promise.resolve();
    for (const value of [promise, undefined, null, 7, 'text', {}]) listeners.add('Patient-open', () => value, false);
    const { failures, promises } = listeners.dispatch(event);
    expect(failures).toEqual([]);
    expect(promises).toEqual([promise]);
  });

  it('report every change of what is listened to', () => {
    const { listeners, changes } = listen();
    const listener = () => {};
    listeners.add('Patient-open', listener, false);
    listeners.remove('Patient-open', listener);
    expect(changes.count).toBe(2);
    listeners.add('Patient-open', listener, true);
    listeners.dispatch(event);
    expect(changes.count).toBe(4);
    expect(listeners.names).toEqual([]);
  });
});

describe('an event that a hub gave a name of the client’s own', () => {
  const OWN = ['state', 'sync', 'resend', 'subscribed', 'denied', 'error', 'warning', 'protocol'];

  it.each(OWN)('reaches nobody who listens to %s, in whichever case, but who listens to everything', (own) => {
    for (const spelling of [own, own.toUpperCase(), `${own[0]?.toUpperCase()}${own.slice(1)}`]) {
      const { listeners } = listen();
      const heard: unknown[] = [];
      for (const listened of OWN) listeners.add(listened, (argument) => heard.push([listened, argument]), false);
      listeners.add('*', () => heard.push('*'), false);
      listeners.dispatch(eventOf({ name: canonicalName(spelling), context: [] }));
      expect(heard).toEqual([['warning', expect.objectContaining({ code: 'event-name-reserved', at: own })], '*']);
      expect(listeners.names).toEqual([]);
    }
  });
});

describe('a listener that listens once', () => {
  it('hears one event', () => {
    const { listeners } = listen();
    let heard = 0;
    listeners.add('Patient-open', () => heard++, true);
    listeners.dispatch(event);
    listeners.dispatch(event);
    expect(heard).toBe(1);
  });

  it('hears one event even when it throws', () => {
    const { listeners } = listen();
    listeners.add(
      'Patient-open',
      () => {
        throw new Error('broken');
      },
      true,
    );
    expect(listeners.dispatch(event).failures).toHaveLength(1);
    expect(listeners.dispatch(event).failures).toHaveLength(0);
  });

  it('leaves the same function alone where it listens for good', () => {
    const { listeners } = listen();
    let heard = 0;
    const listener = () => heard++;
    listeners.add('Patient-open', listener, false);
    listeners.add('Patient-open', listener, true);
    listeners.dispatch(event);
    listeners.dispatch(event);
    expect(heard).toBe(3);
    expect(listeners.names).toEqual(['Patient-open']);
  });

  it('can be taken back before', () => {
    const { listeners } = listen();
    let heard = 0;
    const listener = () => heard++;
    listeners.add('Patient-open', listener, true);
    listeners.remove('switch-patient-chart', listener);
    listeners.dispatch(event);
    expect(heard).toBe(0);
  });
});

describe('taking listeners away', () => {
  it('takes the one that is named, or all of the name', () => {
    const { listeners } = listen();
    const heard: number[] = [];
    const first = () => heard.push(1);
    listeners.add('Patient-open', first, false);
    listeners.add('Patient-open', () => heard.push(2), false);
    listeners.remove('Patient-open', first);
    listeners.dispatch(event);
    expect(heard).toEqual([2]);
    listeners.remove('patient-open-chart');
    listeners.dispatch(event);
    expect(heard).toEqual([2]);
  });

  it('does nothing where there is none', () => {
    const { listeners } = listen();
    listeners.remove('Patient-open');
    listeners.remove('Patient-open', () => {});
    expect(listeners.names).toEqual([]);
  });

  it('while an event is given out does not keep it from those who were there', () => {
    const { listeners } = listen();
    const heard: number[] = [];
    listeners.add('Patient-open', () => listeners.remove('Patient-open'), false);
    listeners.add('Patient-open', () => heard.push(2), false);
    listeners.dispatch(event);
    listeners.dispatch(event);
    expect(heard).toEqual([2]);
  });

  it('all at once leaves nothing', () => {
    const { listeners } = listen();
    listeners.add('Patient-open', () => {}, false);
    listeners.add('error', () => {}, false);
    listeners.clear();
    expect(listeners.names).toEqual([]);
    expect(listeners.has('error')).toBe(false);
  });
});
