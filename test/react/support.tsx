import './page.ts';
import { FhircastClient, type FollowOptions } from 'fhircast-client';
import { startTestHub, TEST_PATIENTS, type TestHub, type TestSession } from 'fhircast-client/testing';
import type { ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { onTestFinished, vi } from 'vitest';

/** A busy machine is slow, which says nothing about what is seen. In milliseconds. */
const PATIENCE_MS = 20_000;

vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

/**
 * Waits until something holds.
 *
 * @param look throws while it does not
 * @param interval how often to look, in milliseconds
 */
export const waitFor = <T,>(look: () => T | Promise<T>, interval = 20): Promise<T> =>
  vi.waitFor(look, { timeout: PATIENCE_MS, interval });

/** Two patients. */
export const [ada, bram] = TEST_PATIENTS;

/** The context of an event about a patient. */
export const chart = (resource: object) => [{ key: 'patient', resource }];

/** A hub and a session of it, for the time of the test. */
export async function openSession(): Promise<{ hub: TestHub; session: TestSession }> {
  const hub = await startTestHub();
  onTestFinished(() => hub.close());
  return { hub, session: hub.openSession() };
}

/** A client that the test has, and ends. */
export function clientOf(hub: TestHub, session: TestSession, options: FollowOptions = {}): FhircastClient {
  const { accessToken } = session;
  const client = new FhircastClient({ hubUrl: hub.url, topic: session.id, accessToken, ...options });
  client.on('error', () => {});
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  return client;
}

/** What was rendered. */
export interface Rendered {
  readonly root: Root;
  readonly element: HTMLElement;
  /** What a user reads. */
  text(): string;
}

/** Renders in the page, as an app does: without `act()`, which would hide when React does what. */
export function render(node: ReactNode): Rendered {
  const element = document.body.appendChild(document.createElement('main'));
  const root = createRoot(element);
  onTestFinished(() => {
    root.unmount();
    element.remove();
  });
  root.render(node);
  return { root, element, text: () => element.textContent ?? '' };
}
