// The messages that the sources translate: the first argument of `vscode.l10n.t(…)` in the host and of `t(…)` of @vscode/l10n in
// the pages, and what the registries say about their entries, which the host translates. @vscode/l10n-dev does not see the second form, and brings nineteen packages for it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { errorSentences } from './errorSentences.mjs';
import { root } from './places.mjs';

/** Folders whose words users read. The engine's own are in English: its command line and its files speak them too. */
const folders = ['src/host', 'webview'];

/** What pages that stand alone say around what their scripts do. */
const aroundPages = 'src/engine/standalonePage.ts';

/** Registries whose entries users choose from. */
const registries = ['src/gqa/groupings', 'src/gqa/merges', 'src/gqa/similarities'];

/** What reports how far it is. */
const workers = ['src/checkpoint', 'src/engine', 'src/gqa', 'src/model'];

/** What fails with a word about it, except for the command line, which stays English. */
const failing = [...workers, 'src/gpu', 'src/host', 'src/protocol'];

/** Every message, sorted, as the bundle has it: the English text is its own key. */
export function bundleOfSources() {
  const messages = new Set(sourceFiles().flatMap(({ source }) => [...messagesOf(source)]));
  for (const words of registryWords()) messages.add(words);
  for (const path of workers.flatMap(tree)) for (const words of progressWords(parse(path))) messages.add(words);
  for (const words of errorWords()) messages.add(words);
  return Object.fromEntries(
    [...messages].sort().map((message) => [message, message.replace(/\/(progress|error)$/, '')]),
  );
}

/** What errors say: sentences with {n} where something is put in, under keys of their own (src/protocol/errorWords.ts). */
function errorWords() {
  return [...errorSentences(failingFiles())].map((sentence) => `${sentence}/error`);
}

/** The files whose errors a user of the editor can see, parsed. */
export function failingFiles() {
  return failing
    .flatMap(tree)
    .filter((path) => !path.startsWith('src/engine/cli'))
    .map(parse);
}

/** The TypeScript files of those folders, parsed. */
export function sourceFiles() {
  return [...folders.flatMap(tree), 'src/extension.ts', aroundPages].map((path) => ({ path, source: parse(path) }));
}

/** What the registries say about their entries. */
function registryWords() {
  return registries.flatMap(tree).flatMap((path) => [...methodWords(parse(path))]);
}

/**
 * The messages that some files translate, and what they show of the registries, in every language that there is.
 * @param {string[]} paths TypeScript files, relative to the root
 * @returns {Record<string, Record<string, string>>} language → message → translation
 */
export function translationsOf(paths) {
  const messages = new Set([
    ...[...paths, aroundPages].flatMap((path) => [...messagesOf(parse(path))]),
    ...registryWords(),
  ]);
  return Object.fromEntries(
    translationFiles().map(({ language, path }) => {
      const bundle = /** @type {Record<string, string>} */ (JSON.parse(readFileSync(join(root, path), 'utf8')));
      return [language, Object.fromEntries(Object.entries(bundle).filter(([message]) => messages.has(message)))];
    }),
  );
}

/** The bundles of translated messages, by language. */
export function translationFiles() {
  return readdirSync(join(root, 'l10n')).flatMap((name) => {
    const language = /^bundle\.l10n\.([\w-]+)\.json$/.exec(name)?.[1];
    return language === undefined ? [] : [{ language, path: `l10n/${name}` }];
  });
}

const parse = (/** @type {string} */ path) =>
  ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);

/** @returns {string[]} */
function tree(/** @type {string} */ folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return tree(path);
    return path.endsWith('.ts') && !path.endsWith('.d.ts') ? [path] : [];
  });
}

/**
 * Messages of one file.
 * @param {ts.SourceFile} source
 * @returns {Generator<string>}
 */
export function* messagesOf(source) {
  for (const call of callsOf(source)) {
    if (!isTranslation(call)) continue;
    const [message] = call.arguments;
    if (message === undefined || !ts.isStringLiteralLike(message)) {
      throw new Error(`${source.fileName}: t() takes a text as it stands, not ${message?.getText() ?? 'nothing'}`);
    }
    yield message.text;
  }
}

/**
 * What the entries of a registry say about themselves, and constants that they share.
 * @param {ts.Node} node
 * @returns {Generator<string>}
 */
function* methodWords(node) {
  const isSaid =
    (ts.isPropertyAssignment(node) && /^(title|description|floorNote)$/.test(node.name.getText())) ||
    (ts.isVariableDeclaration(node) && node.parent.parent.getText().startsWith('export '));
  if (isSaid && node.initializer && ts.isStringLiteralLike(node.initializer)) yield node.initializer.text;
  for (const child of node.getChildren()) yield* methodWords(child);
}

/**
 * What a file reports while it works: sentences with {n} where something is put in, under keys of their own
 * (src/protocol/progressWords.ts).
 * @param {ts.Node} node
 * @returns {Generator<string>}
 */
function* progressWords(node) {
  for (const said of saidByWork(node)) {
    const text = sentenceOf(said)?.replace(/: $/, '');
    if (text && /\p{L}{3,}/u.test(text)) yield `${text}/progress`;
  }
  for (const child of node.getChildren()) yield* progressWords(child);
}

/** Where a node says how far work is: reports, prefixes of parts, messages of questions, titles of layers. @returns {ts.Node[]} */
function saidByWork(/** @type {ts.Node} */ node) {
  if (ts.isPropertyAssignment(node)) {
    const isLayer = node.name.getText() === 'title' && ts.isTemplateExpression(node.initializer);
    return isLayer || node.name.getText() === 'message' ? [node.initializer] : [];
  }
  if (!ts.isCallExpression(node)) return [];
  const callee = node.expression.getText();
  const place = /(^|\.)report$/.test(callee) ? 0 : callee === 'partOf' ? 2 : -1;
  return place < 0 ? [] : node.arguments.slice(place, place + 1);
}

/** A literal with numbered placeholders; null for other nodes. */
function sentenceOf(/** @type {ts.Node} */ node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map(({ literal }, place) => `{${place}}${literal.text}`).join('');
}

/**
 * @param {ts.Node} node
 * @returns {Generator<ts.CallExpression>}
 */
function* callsOf(node) {
  if (ts.isCallExpression(node)) yield node;
  for (const child of node.getChildren()) yield* callsOf(child);
}

/** @param {ts.CallExpression} call */
export function isTranslation({ expression }) {
  if (ts.isIdentifier(expression)) return expression.text === 't';
  return ts.isPropertyAccessExpression(expression) && /\bl10n\.t$/.test(expression.getText());
}

/**
 * Texts of a file that look like words for a user and are not translated.
 * @param {ts.SourceFile} source
 * @returns {{ line: number; node: ts.Node; text: string }[]}
 */
export function untranslated(source) {
  /** @type {{ line: number; node: ts.Node; text: string }[]} */
  const found = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isCallExpression(node) && isTranslation(node)) {
      for (const argument of node.arguments.slice(1)) visit(argument);
      return;
    }
    if (isForMachines(node)) return;
    const text = textOf(node);
    if (
      text !== null &&
      (isShown(node) ? /\p{L}{3,}/u : /\p{L}{2,} \p{L}{2,}|(^|\s)\p{Lu}\p{Ll}{2,}/u).test(wordsOf(text))
    ) {
      found.push({ line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, node, text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Without signs of the editor, markup and the product's name, which are the same in every language. */
const wordsOf = (/** @type {string} */ text) =>
  /^[<[]|^default-src|^color-mix|gradient\(|px\b/.test(text)
    ? ''
    : text.replace(/\$\([\w-]+\)|GQA Lens|\b(PNG|SVG|CSV|JSON)\b/g, '');

/** The text of a literal, with {} where a template puts something in; null for other nodes. */
function textOf(/** @type {ts.Node} */ node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('{}');
}

/** What no user reads: imports, types, keys, comparisons, errors of the program itself, classes, selectors, style sheets. */
function isForMachines(/** @type {ts.Node} */ node) {
  if (ts.isSourceFile(node)) return false;
  if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isTaggedTemplateExpression(node)) return true;
  if (ts.isNewExpression(node)) {
    const what = node.expression.getText();
    // The host says errors in English, as the engine does, and translates them where it shows them.
    if (what === 'GqaLensError') return node.getSourceFile().fileName.startsWith('src/host');
    return /^(Error|TypeError|RangeError|Set|Map)$/.test(what);
  }
  if (ts.isPropertyAssignment(node)) {
    return /^'?(class|data-[\w-]+|role|viewBox|d|type|value|id|kind)'?$/.test(node.name.getText());
  }
  // What goes into files is the same in every language: scripts read it.
  if (ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node)) {
    return /^(numbers|gather|\w+Numbers)$/.test(node.name?.getText() ?? '');
  }
  if (ts.isCallExpression(node) && /\.attr$/.test(node.expression.getText())) {
    return /^'(class|d|role)'$/.test(node.arguments[0]?.getText() ?? '');
  }
  const { parent } = node;
  if (ts.isPropertyAssignment(parent)) return parent.name === node;
  if (ts.isCallExpression(parent) && parent.expression !== node) {
    const callee = parent.expression.getText();
    if (
      /\.(on|select|selectAll|classed|style|setProperty|matchMedia|querySelector|closest|startsWith|includes|info|warn|error)$/.test(
        callee,
      )
    ) {
      return isText(node);
    }
  }
  if (!ts.isStringLiteralLike(node)) return false;
  if (ts.isBinaryExpression(parent)) return /[=!]==|^in$/.test(parent.operatorToken.getText());
  return /^(Arrow\w+|Enter|Escape|Home|End|Page\w+|Delete|Backspace)$/.test(node.text);
}

const isText = (/** @type {ts.Node} */ node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);

/** Whether a text stands where the page shows it, however little it is: a child of an element, a label, a tool tip. */
function isShown(/** @type {ts.Node} */ node) {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent))
    return /^'?(title|description|label|aria-label|placeholder|hint)'?$/.test(parent.name.getText());
  if (!ts.isCallExpression(parent)) return false;
  const place = parent.arguments.indexOf(/** @type {ts.Expression} */ (node));
  const callee = parent.expression.getText();
  return (
    (callee === 'element' && place >= 2) ||
    (/^(plainButton|button)$/.test(callee) && place === 0) ||
    /\.text$/.test(callee)
  );
}
