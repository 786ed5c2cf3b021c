/**
 * The public entry points: the key is the subpath of `exports` in package.json, the value the path of the source under
 * `src` and of the built files under `dist`, without an extension.
 *
 * `exports`, `paths` in tsconfig.json and typedoc.json cannot import this table; a test sees to it that they agree.
 */
export const entryPoints = {
  '.': 'index',
  './launch': 'launch/index',
  './content': 'content/index',
  './callback': 'callback/index',
  './callback/express': 'callback/adapters/express',
  './callback/fastify': 'callback/adapters/fastify',
  './callback/koa': 'callback/adapters/koa',
  './callback/hono': 'callback/adapters/hono',
  './callback/next': 'callback/adapters/next',
  './callback/aws-lambda': 'callback/adapters/aws-lambda',
  './redis': 'redis/index',
  './relay': 'relay/index',
  './radiology': 'radiology/index',
  './observe': 'observe/index',
  './scopes': 'scopes/index',
  './react': 'react/index',
  './testing': 'testing/index',
  './testing/fake': 'testing/fake/index',
  './testing/msw': 'testing/msw/index',
} as const;

/** A subpath of `exports` that holds code. */
export type Subpath = keyof typeof entryPoints;

/** All subpaths, in the order of the table. */
export const subpaths = Object.keys(entryPoints) as Subpath[];

/** What a user writes to import a subpath: `fhircast-client/callback` for `./callback`. */
export function specifier(subpath: Subpath): string {
  return `fhircast-client${subpath.slice(1)}`;
}
