/**
 * JSON files of checkpoints, read with limits: size, UTF-8, syntax, an object at the top, no key given twice.
 * Role: text to values. What the values mean is told elsewhere (config.ts, safetensorsHeader.ts).
 */
import { GqaLensError } from '../protocol/errors';
import { openRegularFile } from './fileRanges';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Largest JSON file read: a config is kilobytes, an index of the largest models a few megabytes. */
const fileLimit = 100 * 1024 * 1024;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a JSON object from a file. Throws checkpoint-not-found or checkpoint-invalid. */
export async function readJsonFile(file: string, signal?: AbortSignal): Promise<JsonObject> {
  return parseJsonObject(await readTextFile(file, signal), file);
}

/** Reads a small text file as UTF-8. Throws checkpoint-not-found when it is not there, checkpoint-invalid when too large. */
export async function readTextFile(file: string, signal?: AbortSignal): Promise<string> {
  const handle = await openRegularFile(file);
  try {
    const { size } = await handle.stat();
    if (size > fileLimit) {
      throw new GqaLensError('checkpoint-invalid', 'A JSON file of the checkpoint is too large', {
        file,
        found: `${size} bytes`,
        limit: `${fileLimit} bytes`,
        next: 'Check that this is the right file.',
      });
    }
    return decodeUtf8(await handle.readFile({ signal }), file);
  } finally {
    await handle.close();
  }
}

/** Bytes to text; throws checkpoint-invalid when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(file, 'text in UTF-8', 'bytes that are not UTF-8');
  }
}

/** Parses a JSON object; throws checkpoint-invalid on bad syntax, on another kind of value and on a key given twice. */
export function parseJsonObject(text: string, file: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(file, 'valid JSON', error instanceof Error ? error.message : String(error));
  }
  if (!isObject(value)) throw invalid(file, 'a JSON object', Array.isArray(value) ? 'an array' : typeof value);
  // Counting takes a tenth of the time that looking for the key does: a header may have a million of them.
  if (keysOfText(text) !== keysOfValue(value)) {
    visitKeys(text, (key, siblings) => {
      if (siblings.has(key)) throw invalid(file, 'each name once', `${JSON.stringify(key)} twice`);
    });
  }
  return value;
}

/** Keys written in valid JSON text, those that are given twice counted twice: strings with a colon behind them. */
function keysOfText(text: string): number {
  const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
  let keys = 0;
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i)) {
    for (i++; text.charCodeAt(i) !== quote; i++) if (text.charCodeAt(i) === backslash) i++;
    i++;
    // JSON's white space lies below "!".
    while (text.charCodeAt(i) <= 0x20) i++;
    if (text.charCodeAt(i) === colon) keys++;
  }
  return keys;
}

/** Keys of all objects within a value that was parsed from JSON, which has own keys only. */
function keysOfValue(value: object): number {
  let keys = 0;
  const waiting: object[] = [value];
  const add = (member: unknown): void => {
    if (typeof member === 'object' && member !== null) waiting.push(member);
  };
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) next.forEach(add);
    else {
      for (const key in next) {
        keys++;
        add((next as JsonObject)[key]);
      }
    }
  }
  return keys;
}

/**
 * Replaces the value of a top-level key that holds a number, a string or null, or adds the key, and leaves every other
 * character as it is: rewriting through JSON.stringify would turn 1.0 into 1, which typed readers of a config refuse.
 * @param absent what is done when there is no such key
 */
export function withTopLevelValue(
  text: string,
  key: string,
  value: number | string,
  absent: 'add' | 'only if present' = 'add',
): string {
  let position = -1;
  visitKeys(text, (name, _siblings, depth, valueStart) => {
    if (depth === 1 && name === key) position = valueStart;
  });
  const written = JSON.stringify(value);
  if (position >= 0) {
    const old = /null|-?[\d.eE+-]+|"(?:[^"\\]|\\.)*"/y;
    old.lastIndex = position;
    const match = old.exec(text);
    if (match) return text.slice(0, position) + written + text.slice(position + match[0].length);
  }
  if (absent === 'only if present') return text;
  return text.replace('{', () => `{\n  ${JSON.stringify(key)}: ${written},`);
}

/** Changes the text of a top-level object, and leaves every other character as it is. */
export function withObject(text: string, key: string, change: (object: string) => string): string {
  let start = -1;
  let end = -1;
  visitKeys(
    text,
    (name, _siblings, depth, valueStart) => {
      if (depth === 1 && name === key && text[valueStart] === '{') start = valueStart;
    },
    (depth, position) => {
      if (depth === 1 && start >= 0 && end < 0) end = position;
    },
  );
  return end < 0 ? text : text.slice(0, start) + change(text.slice(start, end)) + text.slice(end);
}

/** Takes a top-level object out with its key and comma, and leaves every other character as it is. */
export function withoutObject(text: string, key: string): string {
  // Valid JSON holds no raw NUL: it marks the place.
  return withObject(text, key, () => '\0').replace(
    /(,?)\s*"(?:[^"\\]|\\.)*"\s*:\s*\0(\s*,)?/,
    (_, before: string, after?: string) => (before !== '' && after !== undefined ? ',' : ''),
  );
}

type KeyVisitor = (key: string, siblings: ReadonlySet<string>, depth: number, valueStart: number) => void;

/**
 * Walks valid JSON text, which JSON.parse cannot do without dropping a key given twice.
 * @param visit gets each key, the earlier keys of the same object, its depth (1: the outermost object) and where its
 *   value begins
 * @param closed gets the depth at which an object or a list was, and the position after it
 */
function visitKeys(text: string, visit: KeyVisitor, closed?: (depth: number, end: number) => void): void {
  const nesting: Set<string>[] = [];
  const colon = /\s*:\s*/y;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') nesting.push(new Set());
    else if (character === '}' || character === ']') {
      nesting.pop();
      closed?.(nesting.length, i + 1);
    } else if (character === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      colon.lastIndex = i + 1;
      const siblings = nesting.at(-1);
      if (siblings === undefined || !colon.test(text)) continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      visit(key, siblings, nesting.length, colon.lastIndex);
      siblings.add(key);
    }
  }
}

function invalid(file: string, expected: string, found: string): GqaLensError {
  return new GqaLensError('checkpoint-invalid', 'A JSON file of the checkpoint is malformed', {
    file,
    expected,
    found,
    next: 'Download or export the file again.',
  });
}
