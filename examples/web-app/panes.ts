import type { FrameLocator, Locator, Page } from 'playwright-core';

/** Something that a step expects to be seen in a page. */
export interface Expectation {
  /** For the transcript. */
  readonly text: string;
  /** Rejects when it is not seen in the page's default time. */
  seen(): Promise<unknown>;
}

/** One pane of the demo, as a user sees it. */
export class Pane {
  readonly name: string;
  readonly root: Page | FrameLocator;

  constructor(name: string, root: Page | FrameLocator) {
    this.name = name;
    this.root = root;
  }

  /** Presses a button. */
  press(name: string | RegExp): Promise<void> {
    return this.root.getByRole('button', { name }).click();
  }

  /** Turns a switch. */
  turn(name: string): Promise<void> {
    return this.root.getByRole('switch', { name }).click();
  }

  /** The patient banner says so. */
  shows(name: string): Expectation {
    return this.#expect(`the banner says “${name}”`, this.root.locator('#patient h2', { hasText: exactly(name) }));
  }

  /** The pill says so. */
  isConnected(text: string): Expectation {
    return this.#expect(`the connection says “${text}”`, this.root.locator('#connection', { hasText: exactly(text) }));
  }

  /** The pill says since when there is no connection, and the banner casts doubt on the patient. */
  isLost(): Expectation {
    const pill = this.root.locator('.pane:has(.patient.doubtful) #connection', {
      hasText: /^Connection lost since \d\d:\d\d:\d\d$/,
    });
    return this.#expect('the connection says since when it is lost, and the banner is in doubt', pill);
  }

  /** The alert names who is out of step. */
  alerts(subscriber: string): Expectation {
    const text = `${subscriber} is out of step`;
    return this.#expect(`the alert says “${text}”`, this.root.locator('#alert:not([hidden])', { hasText: text }));
  }

  /** There is no alert. */
  isCalm(): Expectation {
    return this.#expect('no alert is shown', this.root.locator('#alert'), 'hidden');
  }

  /** The newest event is this one, and this became of it. */
  lists(event: string, outcome: string): Expectation {
    const line = this.root.locator('#events li:first-child', { hasText: event });
    return this.#expect(`the newest event is “${event}: ${outcome}”`, line.locator('.outcome', { hasText: outcome }));
  }

  /** The EHR's list says that an application is not in the session. */
  isWithout(application: string): Expectation {
    const line = this.root.locator('#applications li[data-joined="false"]', { hasText: application });
    return this.#expect(`“${application}” is not in the session`, line);
  }

  /** A text can be read. */
  says(text: string): Expectation {
    return this.#expect(`it says “${text}”`, this.root.getByText(text));
  }

  #expect(text: string, locator: Locator, state: 'visible' | 'hidden' = 'visible'): Expectation {
    return { text: `${this.name}: ${text}`, seen: () => locator.waitFor({ state }) };
  }
}

const exactly = (text: string): RegExp => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
