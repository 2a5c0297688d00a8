// dist/ from src/ and webview/: built again only when one of the two changed.
import { run } from './processes.mjs';
import { fingerprint, isFresh, setFresh } from './freshness.mjs';
import { root } from './places.mjs';
import { step } from './terminal.mjs';

const inputsAndOutputs = ['src', 'webview', 'esbuild.mjs', 'package.json', 'package-lock.json', 'dist'];

export async function ensureBuilt() {
  if (isFresh('build', fingerprint(inputsAndOutputs))) return;
  await step('Building the extension: its sources changed', () =>
    run(process.execPath, ['esbuild.mjs', '--minify'], { cwd: root }),
  );
  setFresh('build', fingerprint(inputsAndOutputs));
}
