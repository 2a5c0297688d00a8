/** Single pieces as people see them. */
import { describe, expect, it } from 'vitest';
import { pieceReader } from '../../../src/checkpoint/tokenText';

describe('byte-level pieces', () => {
  const read = pieceReader({ type: 'ByteLevel' });
  it.each([
    ['Ġthe', ' the'],
    ['ĊĊ', '\n\n'],
    ['cafÃ©', 'café'],
    ['æĿ±', '東'],
    ['ðŁĻĤ', '🙂'],
    ['âĢ', '\\xE2\\x80'],
    ['aÃ', 'a\\xC3'],
    ['Ã©âĢ', 'é\\xE2\\x80'],
    ['東', '東'],
  ])('%s is %j', (piece, text) => {
    expect(read(piece)).toBe(text);
  });
});

describe('SentencePiece pieces', () => {
  const decoders = [
    { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
  ];
  const read = pieceReader({ type: 'Sequence', decoders });
  it.each([
    ['▁the', ' the'],
    ['▁▁', '  '],
    ['<0x0A>', '\n'],
    ['<0xE2>', '\\xE2'],
    ['<0xZZ>', '<0xZZ>'],
  ])('%s is %j', (piece, text) => {
    expect(read(piece)).toBe(text);
  });
});

it('without a decoder pieces are text', () => {
  expect(pieceReader(null)('▁<0x0A>Ġ##ing')).toBe('▁<0x0A>Ġ##ing');
});

describe('WordPiece pieces', () => {
  const read = pieceReader({ type: 'WordPiece', prefix: '##', cleanup: true });
  it.each([
    ['the', ' the'],
    ['##ing', 'ing'],
    ['##', '##'],
    [',', ','],
    ['été', ' été'],
    ['1', ' 1'],
  ])('%s is %j', (piece, text) => {
    expect(read(piece)).toBe(text);
  });
  it('have the mark that their decoder names', () => {
    expect(pieceReader({ type: 'WordPiece', prefix: '@@' })('@@ing')).toBe('ing');
  });
});
