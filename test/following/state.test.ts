import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClientState,
  STATE_REASONS,
  type StateChange,
  StateMachine,
  type StateReason,
} from '../../src/following/state.ts';

/** The documented life of a client, written down a second time: from, why, to. */
const LIFE: readonly [ClientState, StateReason, ClientState][] = [
  ['idle', 'listening', 'subscribing'],
  ['idle', 'unsubscribed', 'closed'],
  ['subscribing', 'confirmed', 'active'],
  ['subscribing', 'failed', 'reconnecting'],
  ['subscribing', 'lost', 'reconnecting'],
  ['subscribing', 'ended', 'reconnecting'],
  ['subscribing', 'hidden', 'reconnecting'],
  ['subscribing', 'exhausted', 'denied'],
  ['subscribing', 'denied', 'denied'],
  ['subscribing', 'refused', 'denied'],
  ['subscribing', 'silent', 'idle'],
  ['subscribing', 'unsubscribed', 'closed'],
  ['active', 'lost', 'reconnecting'],
  ['active', 'ended', 'reconnecting'],
  ['active', 'deaf', 'reconnecting'],
  ['active', 'hidden', 'reconnecting'],
  ['active', 'denied', 'denied'],
  ['active', 'silent', 'idle'],
  ['active', 'unsubscribed', 'closed'],
  ['reconnecting', 'retrying', 'subscribing'],
  ['reconnecting', 'exhausted', 'denied'],
  ['reconnecting', 'silent', 'idle'],
  ['reconnecting', 'unsubscribed', 'closed'],
  ['denied', 'listening', 'subscribing'],
  ['denied', 'unsubscribed', 'closed'],
];

const reasons = fc.constantFrom(...(Object.keys(STATE_REASONS) as StateReason[]));

describe('the life of a client', () => {
  it('has only the documented transitions, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(reasons, { maxLength: 60 }), (sequence) => {
        const changes: StateChange[] = [];
        const machine = new StateMachine((change) => changes.push(change));
        let model: ClientState = 'idle';
        for (const reason of sequence) {
          const next = LIFE.find(([from, why]) => from === model && why === reason)?.[2];
          const before = changes.length;
          expect(machine.go(reason)).toBe(next !== undefined);
          expect(changes.slice(before)).toEqual(
            next ? [{ state: next, previous: model, reason, code: STATE_REASONS[reason] }] : [],
          );
          model = next ?? model;
          expect(machine.state).toBe(model);
        }
      }),
    );
  });

  it('ends when it is closed', () => {
    fc.assert(
      fc.property(fc.array(reasons), fc.array(reasons), (before, after) => {
        const machine = new StateMachine(() => {});
        for (const reason of before) machine.go(reason);
        machine.go('unsubscribed');
        return machine.state === 'closed' && after.every((reason) => !machine.go(reason)) && machine.state === 'closed';
      }),
    );
  });

  it('can be left from every state', () => {
    const states = new Set(LIFE.flatMap(([from, , to]) => [from, to]));
    states.delete('closed');
    expect(
      LIFE.filter(([, why]) => why === 'unsubscribed')
        .map(([from]) => from)
        .sort(),
    ).toEqual([...states].sort());
  });

  it('shows the new state to whoever is told of it', () => {
    const seen: ClientState[] = [];
    const machine: StateMachine = new StateMachine(() => seen.push(machine.state));
    machine.go('listening');
    machine.go('confirmed');
    expect(seen).toEqual(['subscribing', 'active']);
  });

  it('has a number of its own for every reason', () => {
    expect(new Set(Object.values(STATE_REASONS)).size).toBe(Object.keys(STATE_REASONS).length);
  });
});
