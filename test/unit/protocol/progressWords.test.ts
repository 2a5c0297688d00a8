/** What the engine says while it works, said anew: sentences within sentences, and what is not known. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ProgressWords } from '../../../src/protocol/progressWords';

const bundle = JSON.parse(
  readFileSync(new URL('../../../l10n/bundle.l10n.de.json', import.meta.url), 'utf8'),
) as Record<string, string>;
const german = new ProgressWords(bundle);

describe('ProgressWords', () => {
  it.each([
    ['Preparing the GPU', 'Vorbereiten der GPU'],
    ['Layer 3 of 6', 'Schicht 3 von 6'],
    ['Layer 3 of 6: sharing keys', 'Schicht 3 von 6: Zusammenlegen der Keys'],
    ['Row 2 of 9, Mean: Window 1 of 4: Layer 3 of 6', 'Zeile 2 von 9, Mean: Fenster 1 von 4: Schicht 3 von 6'],
    ['Reading the K heads of layer 3', 'Lesen der K-Köpfe, Schicht 3'],
    ['Reading the checkpoint', 'Lesen des Checkpoints'],
    ['Comparing the V heads of layer 2', 'Vergleich der V-Köpfe der Schicht 2'],
    ['Reading model.layers.0.self_attn.k_proj.weight', 'Lesen von model.layers.0.self_attn.k_proj.weight'],
  ])('say "%s" in German', (english, translation) => {
    expect(german.translate(english)).toBe(translation);
  });

  it('leave what is not known as it is, and everything without translations', () => {
    expect(german.translate('Folding 3 of 4')).toBe('Folding 3 of 4');
    expect(german.translate('')).toBe('');
    expect(new ProgressWords(undefined).translate('Layer 3 of 6: sharing keys')).toBe('Layer 3 of 6: sharing keys');
  });

  it('take a text with signs of patterns as it stands', () => {
    const words = new ProgressWords({ 'Reading {0} (all)/progress': 'Alles von {0}', 'other {0}': 'nicht {0}' });
    expect(words.translate('Reading a.b (all)')).toBe('Alles von a.b');
    expect(words.translate('Reading a.b all')).toBe('Reading a.b all');
    expect(words.translate('other x')).toBe('other x');
  });
});
