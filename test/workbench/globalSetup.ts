// What all browser tests share: the packed extension, built, packed and installed once into a folder that every workbench of the run
// takes its extensions from. Settings, storage and everything else of a profile belong to one workbench alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureVsix } from '../../scripts/lib/vsix.mjs';
import { installExtension, makeProfile } from '../../scripts/lib/webCode.mjs';
import { ensureWebCode } from '../../scripts/lib/webCodeInstall.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder that the VSIX is installed in. */
    extensions: string;
  }
}

/** Runs before the first spec. @returns what is done after the last */
export default async function setup({ provide }: TestProject): Promise<() => void> {
  const temporary = mkdtempSync(join(tmpdir(), 'gqa-lens-extensions-'));
  const profile = makeProfile(temporary);
  await installExtension(await ensureWebCode(), profile, await ensureVsix());
  provide('extensions', profile.extensions);
  return () => rmSync(temporary, { recursive: true, force: true });
}
