import { executableOf } from '../../scripts/runtimes/install.ts';
import { RUNTIMES, type Runtime } from '../../scripts/runtimes/table.ts';

/** A runtime that is there. */
export interface Installed extends Omit<Runtime, 'id' | 'binaries'> {
  readonly executable: string;
}

/** Which runtimes to test, by their ids and separated by commas. Set by `npm run test:runtimes` alone. */
const named = process.env['FHIRCAST_RUNTIMES'];

/** The Node.js that runs the tests. */
const own: Installed = {
  name: 'this Node.js',
  kind: 'node',
  version: process.versions.node,
  crypto: 'node:crypto',
  executable: process.execPath,
};

const listed = (isWanted: (runtime: Runtime) => boolean): Installed[] =>
  RUNTIMES.filter(isWanted).map((runtime) => ({ ...runtime, executable: executableOf(runtime) }));

/**
 * What the tests run on: this Node.js and what comes with the project. What was installed beside the project is used when it
 * is named, and never because it is there.
 */
export const installed: readonly Installed[] = named
  ? listed(({ id }) => named.split(',').includes(id))
  : [own, ...listed(({ kind }) => kind === 'workerd')];
