/**
 * What the engine calls the text that something is measured or solved on, in the words of the page: names of files stay, the excerpt
 * that comes with the product is said anew. Pure.
 */
import { t } from '@vscode/l10n';

/** "valid.txt", "the bundled excerpt", "the bundled excerpt after its first 8192 tokens". */
export function textName(name: string): string {
  const [excerpt, tokens] = /^the bundled excerpt(?: after its first (\d+) tokens)?$/.exec(name) ?? [];
  if (excerpt === undefined) return name;
  return tokens === undefined ? t('the bundled excerpt') : t('the bundled excerpt after its first {0} tokens', tokens);
}

/** What a conversion was solved on (RunSummary.calibration): "8192 tokens of valid.txt". */
export function calibrationWords(calibration: string): string {
  const [, tokens, name] = /^(\d+) tokens of (.+)$/s.exec(calibration) ?? [];
  return tokens === undefined || name === undefined ? calibration : t('{0} tokens of {1}', tokens, textName(name));
}
