import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A code of docs/errors.md at the beginning of a row. */
const CODE = /^[a-z]+(?:-[a-z]+)*$/;

const pages = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).map(([text, page]) => ({ text, link: `/${page}` }));

/** Documents at the root of the repository that have another name in the site, where docs/security.md is `security`. */
const RENAMED: Readonly<Record<string, string>> = { README: 'index', SECURITY: 'security-policy' };

/** Where a document of the repository is in the site. */
const pageOf = (file: string): string => {
  const path = relative(root, file);
  const name = path.replace(/^docs\/|\.md$/g, '');
  return `/${path.startsWith('docs/') ? name : (RENAMED[name] ?? name)}.md`;
};

/** The anchor of a heading, as GitHub makes it. */
const slugify = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

export default defineConfig({
  title: 'fhircast-client',
  description: 'Follow a clinician’s work across applications: the FHIRcast client for pages and servers',
  lang: 'en',
  srcDir: '..',
  outDir: '../site',
  cacheDir: '../node_modules/.cache/vitepress',
  srcExclude: [
    '**/node_modules/**',
    'dist/**',
    'site/**',
    'docs/api/**',
    'docs/index-of-*',
    'coverage/**',
    'artifacts/**',
  ],
  // The guides are at the root of the site, and the README is where it begins.
  rewrites: {
    ...Object.fromEntries(Object.entries(RENAMED).map(([from, to]) => [`${from}.md`, `${to}.md`])),
    'docs/:page.md': ':page.md',
  },
  cleanUrls: false,
  // A document may show a file of the repository, which is no page. A link to a page that is not there stops the build.
  ignoreDeadLinks: [/\/(?:src|test|examples|scripts|bench)\//, /^\.?\/?\.?\.?\/?(?:examples|bench)/, /LICENSE/],
  markdown: {
    anchor: { slugify },
    config(markdown) {
      // Links are written for the repository, where the guides lie a folder deeper than in the site.
      markdown.core.ruler.push('links', ({ tokens, env }) => {
        for (const { children } of tokens)
          for (const [index, token] of (children ?? []).entries()) {
            const [, path, hash = ''] = /^(?![a-z]+:|#|\/)([^#]+)(#.*)?$/.exec(token.attrGet('href') ?? '') ?? [];
            if (path?.endsWith('.md'))
              token.attrSet('href', pageOf(resolve(dirname(env.realPath ?? env.path), path)) + hash);
            else if (path && token.type === 'link_open') {
              // A file of the sources is no page.
              const end = children?.slice(index).find(({ type }) => type === 'link_close');
              token.attrs = null;
              token.tag = 'span';
              if (end) end.tag = 'span';
            }
          }
      });
      // A template in a text is no template of the page.
      markdown.core.ruler.push('verbatim', ({ tokens }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? []))
          if (token.type === 'code_inline') token.attrSet('v-pre', '');
      });
      // Each code has an address of its own: errors.html#launch-hub-missing.
      markdown.core.ruler.push('codes', ({ tokens, env }) => {
        if (!String(env.relativePath ?? env.path ?? '').endsWith('errors.md')) return;
        tokens.forEach((token, index) => {
          const code = tokens[index + 2]?.children?.[0];
          if (token.type === 'tr_open' && code?.type === 'code_inline' && CODE.test(code.content))
            token.attrSet('id', code.content);
        });
      });
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/launches' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api/index.html', target: '_self' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
    sidebar: [
      {
        text: 'Begin',
        items: pages({
          'Start in five minutes': 'start',
          'What FHIRcast is': 'fhircast',
          Launches: 'launches',
          'A hub by one command': 'cli',
          'Hubs that work': 'hubs',
        }),
      },
      {
        text: 'Follow',
        items: pages({
          Events: 'events',
          'Contexts, in step, refusing': 'contexts',
          Content: 'content',
          React: 'react',
          'Other frameworks': 'frameworks',
        }),
      },
      { text: 'Radiology', items: pages({ Radiology: 'radiology', 'IHE IRA': 'ira' }) },
      {
        text: 'Servers',
        items: pages({
          Webhooks: 'webhooks',
          'A relay for pages': 'relay',
          Scaling: 'scaling',
          Redis: 'redis',
        }),
      },
      {
        text: 'Run it',
        items: pages({
          Testing: 'testing',
          Runtimes: 'runtimes',
          'Logs and audit': 'observability',
          'Security of callbacks': 'security',
          Performance: 'performance',
        }),
      },
      {
        text: 'When it does not work',
        items: pages({
          'By symptom': 'troubleshooting',
          'By error': 'errors',
          'Questions and answers': 'faq',
          'Moving from another client': 'migrating',
        }),
      },
    ],
  },
});
