import WebSocket from 'ws';

/** A connection of Medplum's, as far as it is needed here. */
export interface MedplumConnection {
  addEventListener(type: 'connect', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { payload: { id: string; event: object } }) => void): void;
  disconnect(): void;
}

interface MedplumCore {
  readonly FhircastConnection: new (subscription: object, options: object) => MedplumConnection;
  readonly MedplumClient: new (
    options: object,
  ) => {
    fhircastSubscribe(topic: string, events: readonly string[]): Promise<object>;
    fhircastConnect(subscription: object, options: object): MedplumConnection;
  };
}

/** The package, which has to be installed beside this one: it is made for other versions of Node, and no dependency here. */
export async function loadMedplum(): Promise<MedplumCore> {
  // On Node 20 it looks for this while it is loaded.
  globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
  const name = '@medplum/core';
  return (await import(name)) as MedplumCore;
}

/** Its options: the same websocket as everybody else has. */
export const MEDPLUM_OPTIONS = { WebSocket };
