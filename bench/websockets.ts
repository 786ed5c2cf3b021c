import { patientOpens } from './event.ts';
import { startHub } from './hub.ts';
import type { Contender } from './rounds.ts';
import { type ProgramName, startSubject } from './subject.ts';
import { prepareFrames } from './websocket-load.ts';

/** The subscribers of the websocket comparison, connected, and what ends their hub. */
export async function websocketContenders(): Promise<[Contender[], () => void]> {
  const hub = await startHub();
  const topic = 'b3d1f6a0-6f0e-4b0e-9b59-1f0f5d3b8a52';
  const contender = async (name: string, program: ProgramName, args: readonly string[]): Promise<Contender> => {
    const opened = hub.nextSocket();
    const [subject] = await startSubject(program, args);
    const socket = await opened;
    const next = patientOpens(topic, 'Patient-open');
    return { name, subjects: [subject], prepare: (count) => prepareFrames(socket, next, count) };
  };
  const contenders = [
    await contender('FhircastClient', 'websocket-client', [hub.url, topic]),
    await contender('bare ws', 'websocket-bare', [hub.bareUrl]),
  ];
  return [contenders, hub.close];
}
