import type { ContentAction, FaultAction, Schedule, Step, UserAction } from './schedule.ts';
import { ALL_SUBJECTS } from './subjects.ts';

/** What happens in a step, in words. */
export function describeStep(step: Step): string {
  return describe(step) + waits(step.wait);
}

/** The apps and the hub of a schedule, in words. */
export function describeCast({ apps, hub, calmStart, content }: Schedule): string[] {
  const traits = [
    hub.keepEndpoints ? 'keeps endpoints' : 'forgets endpoints',
    hub.replay ? 'replays' : 'does not replay',
    ...(hub.verifyInline ? ['verifies inline'] : []),
    ...(hub.echoFirst ? ['echoes first'] : []),
    ...(hub.heartbeatSeconds === undefined ? [] : [`beats every ${hub.heartbeatSeconds} s`]),
    `leases of ${hub.leaseSeconds} s`,
    ...hub.quirks,
    ...(content ? [`content ${JSON.stringify(content)}`] : []),
  ];
  return [
    `hub: ${traits.join(', ')}`,
    ...apps.map(
      ({ world, joinsAtFirst }, index) => `app ${index + 1}: ${world}${joinsAtFirst ? '' : ', not yet there'}`,
    ),
    ...(calmStart ? [] : ['the first step comes before the apps are subscribed']),
  ];
}

function waits(wait: Step['wait']): string {
  if (wait === 'answers') return ', and all answers are in';
  return typeof wait === 'number' ? `, and ${wait} ms pass` : '';
}

function describe(action: UserAction | ContentAction | FaultAction): string {
  const app = 'app' in action && action.app !== undefined ? `app ${action.app + 1}` : 'every app';
  switch (action.kind) {
    case 'publish':
      return `the EHR sends ${eventText(action)}`;
    case 'change':
      return `${app} asks for ${eventText(action)}`;
    case 'behave':
      return `from now on ${app} will ${action.how}`;
    case 'listen':
      return `${app} ${action.on ? 'listens' : 'listens no more'} to ${action.name}`;
    case 'join':
      return `${app} joins`;
    case 'leave':
      return `${app} leaves`;
    case 'ask-again':
      return `${app} asks for ready()`;
    case 'update':
      return `${app} updates the content: ${action.how} o${action.what}`;
    case 'select':
      return `${app} selects ${selectionText(action)}`;
    case 'other-update':
      return `another application updates the content: ${action.how} o${action.what}`;
    case 'other-select':
      return `another application selects ${selectionText(action)}`;
    case 'foreign':
      return 'a patient is opened in another session';
    case 'network':
      return `the network of the ${action.place}: ${action.fault}${action.amount === 0 ? '' : ` ${action.amount}`}`;
    case 'heal':
      return `the network of the ${action.place} is healed`;
    case 'disturb':
      return `the next notification to ${app}: ${action.how}`;
    case 'status': {
      const after = action.retryAfter === undefined ? '' : ` (Retry-After ${action.retryAfter})`;
      return `the next ${action.request ?? 'request'} is answered ${action.status}${after}`;
    }
    case 'expire':
      return 'all leases expire';
    case 'restart':
      return `the hub restarts ${action.memory ? 'with its memory' : 'without its memory'}`;
    case 'lose-sockets':
      return action.code === undefined ? 'all sockets are cut' : `all sockets are closed with ${action.code}`;
    case 'deny':
      return `the hub ends the subscription of ${app}`;
    case 'deny-next':
      return 'the hub denies the next subscription';
    case 'clock':
      return `the EHR's clock is set ${action.offMs / 60_000} minutes off`;
    case 'revoke':
      return `the token of ${app} is revoked`;
  }
}

const selectionText = ({ what }: { readonly what: readonly number[] }): string =>
  what.length === 0 ? 'nothing' : what.map((one) => `o${one}`).join(' and ');

function eventText({ name, subject }: { readonly name: string; readonly subject: number }): string {
  return name === 'Home-open' ? name : `${name} ${ALL_SUBJECTS[subject]?.id ?? ''}`;
}
