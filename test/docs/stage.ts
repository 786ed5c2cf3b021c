import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FhircastClient } from 'fhircast-client';
import { TEST_PATIENTS, type TestHub, type TestSession } from 'fhircast-client/testing';
import { expect } from 'vitest';

/** What a block leaves behind. */
export type Result = Readonly<Record<string, unknown>>;

/** Where a block runs. */
export interface Stage {
  readonly hub: TestHub;
  readonly session: TestSession;
  /** What the block's own functions were called with, by their names. */
  readonly calls: Readonly<Record<string, unknown[]>>;
  /** Puts a function on the stage that notes what it is called with. */
  spy(name: string): (...values: unknown[]) => void;
  /** Let go of something at the end. */
  later(close: () => unknown): void;
}

/** How a block is run, and what is expected of it. */
export interface Fixture {
  /** Declarations of what the block takes for granted. */
  readonly declarations: string;
  /** Makes what the block takes for granted. */
  prepare(stage: Stage): Promise<Result> | Result;
  /** What must have come of it. */
  check(stage: Stage, result: Result): Promise<void> | void;
}

/** The context of an event about a patient. */
export const chart = (index: number) => {
  const resource = TEST_PATIENTS[index];
  if (!resource) throw new Error(`There is no patient ${index}.`);
  return [{ key: 'patient', resource }];
};

/** Two patients of the tests. */
export const [ada, bram] = TEST_PATIENTS;

/** A chart that is opened reaches the block's showChart(). */
export const expectToFollow = async ({ session, calls }: Stage, { client }: Result) => {
  expect(client).toBeInstanceOf(FhircastClient);
  await (client as FhircastClient).ready();
  const { answers } = await session.publish('Patient-open', chart(0));
  expect(answers.map(({ status }) => status)).toEqual([200]);
  expect(calls.showChart?.at(-1)).toMatchObject({ resourceType: 'Patient', id: ada?.id });
};

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** Declares the function by which a block shows a patient. */
export const SHOW_CHART =
  "declare function showChart(patient: import('fhircast-client').DeepReadonly<import('fhir/r4').Patient>): void;";
/** Declares what a block needs on a server. */
export const WEBHOOK = `declare const publicUrl: string; declare const port: number;
declare const tokenResponse: import('fhircast-client').TokenResponse;`;
/** What a page finds after its SMART launch. */
export const launchPage = ({ session, later }: Stage, form?: 'draft'): void => {
  const ready = async () => ({ state: { tokenResponse: session.launch(form) } });
  Object.assign(globalThis, { FHIR: { oauth2: { ready } } });
  later(() => Reflect.deleteProperty(globalThis, 'FHIR'));
};

/** Solid as pages have it. In Node its name leads to what renders on a server, where nothing changes. */
export const SOLID: string = 'solid-js/dist/solid.js';

/** Declares a client that a block takes for granted. */
export const CLIENT = "declare const client: import('fhircast-client').FhircastClient;";
