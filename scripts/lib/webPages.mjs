// Pages that stand alone, bundled to text: `import page from 'web-page:sweep'` gives the script and the style sheet of
// webview/sweep/report.ts, so that the engine can write files that work offline. For esbuild and for vitest.
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { root } from './places.mjs';

const prefix = 'web-page:';

/**
 * @param {string} name folder under webview/
 * @returns {Promise<{ script: string; style: string; inputs: string[] }>}
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
  const text = (/** @type {string} */ ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return {
    script: text('.js'),
    style: text('.css'),
    inputs: Object.keys(metafile.inputs).map((path) => join(root, path)),
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
    const { script, style } = await bundlePage(id.slice(prefix.length + 1));
    return `export default ${JSON.stringify({ script, style })};`;
  },
};
