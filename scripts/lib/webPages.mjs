// Pages that stand alone, bundled to text: `import page from 'web-page:sweep'` gives the script and the style sheet of
// webview/sweep/report.ts, and its messages in every language, so that the engine can write files that work offline. For
// esbuild and for vitest.
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { root } from './places.mjs';

const prefix = 'web-page:';

/**
 * @typedef {{ script: string; style: string; translations: Record<string, Record<string, string>> }} WebPage
 * `translations`: language → message → translation, of this page's messages alone
 */

/**
 * @param {string} name folder under webview/
 * @returns {Promise<WebPage & { inputs: string[] }>}
 */
async function bundlePage(name) {
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: [join(root, 'webview', name, 'report.ts')],
    outdir: join(root, 'dist', 'webview'),
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    target: 'chrome128',
    format: 'iife',
    charset: 'utf8',
    logLevel: 'warning',
  });
  // Not at the top: every run of vitest reads this file, and few need TypeScript's parser.
  const { translationFiles, translationsOf } = await import('./messages.mjs');
  const text = (/** @type {string} */ ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const inputs = Object.keys(metafile.inputs);
  return {
    script: text('.js'),
    style: text('.css'),
    translations: translationsOf(inputs.filter((path) => /^webview\/.*\.ts$/.test(path))),
    inputs: [...inputs, ...translationFiles().map(({ path }) => path)].map((path) => join(root, path)),
  };
}

/** @returns {import('esbuild').Plugin} */
export function webPages() {
  return {
    name: 'web-pages',
    setup(build) {
      build.onResolve({ filter: /^web-page:/ }, ({ path }) => ({
        path: path.slice(prefix.length),
        namespace: 'web-page',
      }));
      build.onLoad({ filter: /.*/, namespace: 'web-page' }, async ({ path }) => {
        const { inputs, ...page } = await bundlePage(path);
        return { contents: JSON.stringify(page), loader: 'json', watchFiles: inputs };
      });
    },
  };
}

/** The same for vitest. */
export const webPagesForVite = {
  name: 'web-pages',
  /** @type {'pre'} */
  enforce: 'pre',
  /** @param {string} id */
  resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : undefined),
  /** @param {string} id */
  load: async (id) => {
    if (!id.startsWith(`\0${prefix}`)) return undefined;
    const { script, style, translations } = await bundlePage(id.slice(prefix.length + 1));
    return `export default ${JSON.stringify({ script, style, translations })};`;
  },
};
