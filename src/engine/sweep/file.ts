/**
 * The file that a sweep is written to and goes on from.
 * Role: what may be overwritten, and by which ending a file has which format. The formats are saved.ts, csv.ts, html.ts.
 */
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { GqaLensError } from '../../protocol/errors';
import type { SweepFormat, SweepIdentity, SweepResult, SweepRow } from '../../protocol/sweep';
import { writeTextAtomically } from '../atomicFile';
import { fromCsv, toCsv } from './csv';
import { fromHtml, toHtml } from './html';
import { differences } from './identity';
import { fromJson, toJson, type SavedSweep } from './saved';

/** What to do with a file that is there already. */
export type Existing = 'refuse' | 'resume' | 'replace';

const formats: Record<
  SweepFormat,
  { write: (result: SweepResult, language?: string) => string; read: (text: string) => SavedSweep | null }
> = {
  json: { write: toJson, read: fromJson },
  csv: { write: toCsv, read: fromCsv },
  html: { write: toHtml, read: fromHtml },
};

/** No result comes near this: what is larger is something else. */
const sizeLimit = 64 * 1024 * 1024;

/** The result in one of the formats. @param language of a page's words */
export function formatSweep(result: SweepResult, format: SweepFormat, language?: string): string {
  return formats[format].write(result, language);
}

/** The format that a path's ending means. @throws GqaLensError input-invalid */
export function sweepFormat(path: string): SweepFormat {
  const ending = extname(path).slice(1).toLowerCase();
  const format = (Object.keys(formats) as SweepFormat[]).find((known) => known === ending);
  if (format !== undefined) return format;
  throw new GqaLensError('input-invalid', 'A sweep cannot be written to a file of this kind', {
    file: path,
    expected: Object.keys(formats)
      .map((known) => `.${known}`)
      .join(', '),
    found: ending === '' ? 'no ending' : `.${ending}`,
  });
}

/** A file that takes a sweep's result again and again. */
export interface SweepFile {
  /** Rows that an earlier run left in it. */
  rows: readonly SweepRow[];
  write(result: SweepResult): Promise<void>;
}

/**
 * Opens the file of a sweep and reads what is there.
 * @param language of a page's words
 * @throws GqaLensError output-exists when what is there is not to be touched; input-invalid
 */
export async function openSweepFile(
  path: string,
  identity: SweepIdentity,
  existing: Existing,
  language?: string,
): Promise<SweepFile> {
  const format = sweepFormat(path);
  const file = resolve(path);
  const text = existing === 'replace' ? null : await readExisting(file);
  if (text !== null && existing === 'refuse') {
    throw new GqaLensError('output-exists', 'The file is there already and is not overwritten', {
      file,
      next: 'Go on with it by --resume, overwrite it by --force, or choose another name.',
    });
  }
  return {
    rows: text === null || text === '' ? [] : rowsOf(formats[format].read(text), identity, file),
    write: (result) => writeTextAtomically(file, formatSweep(result, format, language)),
  };
}

/** Reads a whole result from a JSON file. @throws GqaLensError input-invalid */
export async function readSweepFile(path: string): Promise<SweepResult> {
  const file = resolve(path);
  const result = fromJson((await readExisting(file)) ?? '');
  if (result !== null) return result;
  throw new GqaLensError('input-invalid', 'This is not the result of a sweep', {
    file,
    next: 'Run the sweep again.',
  });
}

function rowsOf(saved: SavedSweep | null, identity: SweepIdentity, file: string): SweepRow[] {
  const apart = saved && (saved.identity ? differences(saved.identity, identity) : []);
  if (apart?.length === 0) return saved?.rows ?? [];
  throw new GqaLensError('output-exists', 'The file holds something else than this sweep and is not overwritten', {
    file,
    found: apart === null ? 'no sweep that can be read' : `a sweep that differs in ${apart.join(', ')}`,
    next: 'Choose another name, or overwrite it by --force.',
  });
}

/** The text of a file; null when there is none. @throws GqaLensError output-exists when it is no readable file */
async function readExisting(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null);
  if (found === null) return null;
  if (found.isFile() && found.size <= sizeLimit) return readFile(file, 'utf8');
  throw new GqaLensError('output-exists', 'Something else is there already and is not overwritten', {
    file,
    found: found.isFile() ? `a file of ${found.size} bytes` : 'no file',
    next: 'Choose another name.',
  });
}
