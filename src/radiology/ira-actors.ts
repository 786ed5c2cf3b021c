import type { FollowOptions } from '../session/options.ts';
import { need } from './radiology-error.ts';

/** An actor of IHE's profile Integrated Reporting Applications that subscribes to a hub (RAD TF-1: 53.1). */
export type IraActor =
  | 'image-display'
  | 'report-creator'
  | 'worklist-client'
  | 'evidence-creator'
  | 'stateless-evidence-creator'
  | 'watcher';

/** The titles of the actors. */
export const ACTORS: Readonly<Record<IraActor, string>> = {
  'image-display': 'Image Display',
  'report-creator': 'Report Creator',
  'worklist-client': 'Worklist Client',
  'evidence-creator': 'Evidence Creator',
  'stateless-evidence-creator': 'Stateless Evidence Creator',
  watcher: 'Watcher',
};

/** The events that every actor subscribes to (RAD-146). */
const EVENTS = [
  'DiagnosticReport-open',
  'DiagnosticReport-close',
  'DiagnosticReport-update',
  'DiagnosticReport-select',
  'SyncError',
] as const;

/** The options of a client that acts as an IRA actor: those of every client, and the name that IRA requires. */
export interface IraClientOptions extends Omit<FollowOptions, 'channel' | 'subscriberName'> {
  /** The name by which the others in the session and their users know this app. Two of one session need two. */
  subscriberName: string;
}

/** What an actor's client is made with. */
export interface IraFollowOptions extends IraClientOptions {
  /** The five events of RAD-146, and the app's own. */
  events: NonNullable<FollowOptions['events']>;
  /** IRA has websockets alone. */
  channel: 'websocket';
}

/**
 * Refuses an actor that the profile does not have.
 *
 * @param actor the actor
 * @throws RadiologyError `option-invalid` at `actor`
 */
export const checkActor = (actor: IraActor): void => need(Object.keys(ACTORS).includes(actor), 'actor');

/**
 * The options of a client that is an actor of IHE's profile Integrated Reporting Applications: it subscribes to the events that RAD-146
 * asks for, by websocket and by a name. docs/ira.md tells which obligation is met by what.
 *
 * @param actor which actor the app is. An app that is several of them is one client
 * @param options how the client behaves; `events` are added to those of RAD-146
 * @throws RadiologyError `option-invalid` at `actor` or `subscriberName`
 * @example
 * ```ts
 * const client = clientFromUrl(undefined, iraOptions('image-display', { subscriberName: 'Viewer' }));
 * ```
 */
export const iraOptions = (actor: IraActor, options: IraClientOptions): IraFollowOptions => {
  checkActor(actor);
  need(typeof options?.subscriberName === 'string' && options.subscriberName.trim(), 'subscriberName');
  return { ...options, events: [...EVENTS, ...(options.events ?? [])], channel: 'websocket' };
};
