import type { FaultAction } from './schedule.ts';
import type { ChaosWorld } from './world.ts';

/** Makes something go wrong. */
export function harm(world: ChaosWorld, action: FaultAction): void {
  const { hub, session } = world;
  const app = 'app' in action && action.app !== undefined ? world.apps.get(action.app) : undefined;
  const subscriber = app?.name;
  // An app that is not there is not everybody.
  if ('app' in action && action.app !== undefined && subscriber === undefined) return;
  switch (action.kind) {
    case 'network':
      return harmNetwork(world, action);
    case 'heal':
      return world.network(action.place).heal();
    case 'disturb':
      return session.disturbNext(action.how, subscriber === undefined ? {} : { subscriber });
    case 'status': {
      const { status, request, retryAfter } = action;
      return hub.refuseNext({
        status,
        ...(request === undefined ? {} : { kind: request }),
        ...(retryAfter === undefined ? {} : { headers: { 'Retry-After': String(retryAfter) } }),
      });
    }
    case 'expire':
      return session.expireLeases();
    case 'restart':
      return hub.restart({ memory: action.memory });
    case 'lose-sockets':
      return session.dropConnections(action.code);
    case 'deny':
      return world.expect('a denial', session.deny('The hub ended the subscription.', subscriber));
    case 'deny-next':
      return session.denyNext();
    case 'clock':
      world.clock.ehrOffMs = action.offMs;
      return;
    case 'revoke':
      return world.revoke(subscriber ?? '');
  }
}

function harmNetwork(world: ChaosWorld, { place, fault, amount }: Extract<FaultAction, { kind: 'network' }>): void {
  const network = world.network(place);
  switch (fault) {
    case 'refuse':
      return network.refuse();
    case 'delay':
      return network.delay(amount);
    case 'cut':
      return network.cut();
    case 'half-open':
      return network.halfOpen();
    case 'truncate':
      return network.truncate(amount);
  }
}

/** No fault of a network goes on. */
export function heal(world: ChaosWorld): void {
  for (const place of ['hub', 'callback'] as const) world.network(place).heal();
}
