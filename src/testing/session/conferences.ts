import type { HubEvent } from '../ground/hub-event.ts';
import type { Subscription } from '../subscriptions/hub-subscription.ts';

/** The conferences of the sandbox hub of 2024: what happens in one topic is told to other ones too. */
export class Conferences {
  #all: { user: string; topics: readonly string[] }[] = [];

  /** Begins one, as `{"user", "title", "topics"}` says. */
  begin({ user, topics }: Record<string, unknown>): void {
    const attending = Array.isArray(topics) ? topics.filter((topic) => typeof topic === 'string') : [];
    if (typeof user === 'string') this.#all.push({ user, topics: attending });
  }

  /** Ends those of a user. */
  end({ user }: Record<string, unknown>): void {
    this.#all = this.#all.filter((conference) => conference.user !== user);
  }

  /** Every subscription that is told of an event because its topic attends a conference, once for each of these. */
  attending(event: HubEvent, subscriptions: readonly Subscription[]): Subscription[] {
    return this.#all
      .filter(({ user }) => user === event.topic)
      .flatMap(({ topics }) => topics)
      .flatMap((topic) => subscriptions.filter((subscription) => subscription.topic === topic));
  }

  /** Forgets everything. */
  clear(): void {
    this.#all = [];
  }
}
