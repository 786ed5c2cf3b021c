import { FhircastClient, type LaunchSource } from 'fhircast-client';

/** A user who has closed the browser does not log out. After so long without a request the app leaves, in milliseconds. */
const IDLE_MS = 30 * 60 * 1000;

interface Follower {
  readonly client: FhircastClient;
  readonly idle: NodeJS.Timeout;
}

/**
 * One client for each user's session. They live beside the sessions and not in them: a session store writes JSON, and a client
 * is a connection.
 */
export class Followers {
  readonly #followers = new Map<string, Follower>();
  readonly #ended: (sessionId: string) => void;

  /** @param ended called when a client has left: the user logged out here or at the EHR, or was not seen for long */
  constructor(ended: (sessionId: string) => void) {
    this.#ended = ended;
  }

  /** Follows the FHIRcast session of a launch. */
  async follow(sessionId: string, launch: LaunchSource): Promise<void> {
    const client = await FhircastClient.fromSmartLaunch(launch);
    // A callback that is loaded again makes a second client.
    await this.#drop(sessionId);
    const idle = setTimeout(() => void this.leave(sessionId), IDLE_MS);
    this.#followers.set(sessionId, { client, idle });
    client.on('Patient-open', (event) => console.log('opened', `Patient/${event.patient.id}`));
    client.on('Patient-close', (event) => console.log('closed', `Patient/${event.patient?.id}`));
    client.on('UserLogout', () => {
      console.log('logged out at the EHR');
      // Not before the hub has got its answer.
      setImmediate(() => void this.leave(sessionId));
    });
    client.on('state', ({ state, reason }) => console.log(state, `(${reason})`));
    client.on('error', (error) => console.error(`${error.code}: ${error.message}`));
    // What cannot be confirmed has been printed, and the page shows that it does not follow.
    await client.ready().catch(() => {});
  }

  /** The client of a user's session, who has just been seen. */
  of(sessionId: string): FhircastClient | undefined {
    const follower = this.#followers.get(sessionId);
    follower?.idle.refresh();
    return follower?.client;
  }

  /** Leaves the FHIRcast session of a user. */
  async leave(sessionId: string): Promise<void> {
    await this.#drop(sessionId);
    this.#ended(sessionId);
  }

  /** Leaves all of them. */
  async leaveAll(): Promise<void> {
    await Promise.all([...this.#followers.keys()].map((sessionId) => this.leave(sessionId)));
  }

  async #drop(sessionId: string): Promise<void> {
    const follower = this.#followers.get(sessionId);
    if (!follower) return;
    this.#followers.delete(sessionId);
    clearTimeout(follower.idle);
    // A hub that cannot be told: the client is closed all the same.
    await follower.client.unsubscribe().catch((error: Error) => console.error(error.message));
  }
}
