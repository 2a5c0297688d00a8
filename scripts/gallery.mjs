// Pictures of the views for README and media/screenshots, from those that the browser tests have left in artifacts/: `node
// scripts/gallery.mjs [FOLDER]`. As WebP, for the repository's sake; its page lists them.
/* global document, Image */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { launchChromium } from './lib/browser.mjs';
import { artifacts, folder, root } from './lib/places.mjs';

const themes = ['dark', 'light', 'high-contrast-dark', 'high-contrast-light'];
/** Name of the pictures, and what they show. */
const views = {
  explorer: 'Overview, assignment with its tree of likeness, similarity',
  text: 'Attention in the text, from the chosen token',
  maps: 'Attention by group: means, members, the number under the pointer',
  pair: 'Two heads side by side',
  diff: 'Comparison: costs, drift, divergence, maps and their difference',
  'diff-words': 'Comparison: words',
  sweep: 'Sweep',
  structure: 'Structure of a weight file',
  history: 'Runs in the side bar',
  'compare-assignments': 'Assignments of two checkpoints as a text diff',
  'report-explorer': 'A report in a browser',
};
/** Pictures that there is one of. */
const single = {
  'large-model': 'A model of 32 layers, 32 heads and 8 groups',
  'encoder-decoder-dark': 'Cross-attention of a T5',
};
const QUALITY = 0.9;

const from = process.argv[2] ?? join(artifacts, 'screenshots');
const to = folder(join(root, 'media', 'screenshots'));
const names = [
  ...Object.keys(views).flatMap((view) => themes.map((theme) => `${view}-${theme}`)),
  ...Object.keys(single),
];
const browser = await launchChromium();
try {
  const page = await browser.newPage();
  for (const name of names) {
    const png = readFileSync(join(from, `${name}.png`)).toString('base64');
    const webp = await page.evaluate(
      async ([data, quality]) => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.width = image.naturalWidth;
        canvas.height = image.naturalHeight;
        canvas.getContext('2d')?.drawImage(image, 0, 0);
        return canvas.toDataURL('image/webp', Number(quality));
      },
      [png, String(QUALITY)],
    );
    writeFileSync(join(to, `${name}.webp`), Buffer.from(webp.slice(webp.indexOf(',') + 1), 'base64'));
  }
} finally {
  await browser.close();
}
for (const file of readdirSync(to)) {
  if (/\.webp$/.test(file) && !names.includes(file.slice(0, -'.webp'.length))) rmSync(join(to, file));
}
const row = (/** @type {string} */ view) => `| ${themes.map((theme) => `![](${view}-${theme}.webp)`).join(' | ')} |`;
const list = join(to, 'README.md');
const markdown = [
  '# Pictures of the views',
  ...['', 'Taken by the browser tests in VS Code with the sample checkpoint, and made by `node scripts/gallery.mjs`.'],
  ...Object.entries(views).flatMap(([view, title]) => [
    ...['', `## ${title}`, ''],
    ...['| dark | light | high contrast dark | high contrast light |', '| --- | --- | --- | --- |', row(view)],
  ]),
  ...Object.entries(single).flatMap(([name, title]) => ['', `## ${title}`, '', `![](${name}.webp)`]),
  '',
].join('\n');
writeFileSync(list, await format(markdown, { ...(await resolveConfig(list)), filepath: list }));
