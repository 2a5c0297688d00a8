/**
 * How a piece of a vocabulary looks to people: stored spellings of spaces and bytes undone.
 * Role: one piece at a time, for labels. Decoding a sequence is the tokenizer's work, since characters may span tokens.
 */
import { isObject } from './json';

/**
 * Chooses how pieces are read from tokenizer.json's `decoder`: byte-level pieces hold a byte a character, SentencePiece
 * pieces write a space as ▁ and single bytes as <0xE2>; WordPiece marks what goes on with a word, and not where one begins.
 */
export function pieceReader(decoder: unknown): (piece: string) => string {
  const types = decoderTypes(decoder);
  if (types.has('ByteLevel')) return (piece) => bytesToText(piece);
  if (types.has('WordPiece')) return (piece) => readWordPiece(piece, continuationOf(decoder));
  return (piece) => {
    const byte = types.has('ByteFallback') ? /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1] : undefined;
    if (byte !== undefined) return showBytes([parseInt(byte, 16)]);
    return types.has('Metaspace') || types.has('Replace') ? piece.replaceAll('▁', ' ') : piece;
  };
}

/** Types of a decoder and of those it is made of. */
function decoderTypes(decoder: unknown): Set<unknown> {
  if (!isObject(decoder)) return new Set();
  const parts: unknown[] = Array.isArray(decoder.decoders) ? decoder.decoders : [];
  return new Set([decoder.type, ...parts.flatMap((part) => [...decoderTypes(part)])]);
}

/** What stands before pieces that go on with a word. */
function continuationOf(decoder: unknown): string {
  return isObject(decoder) && typeof decoder.prefix === 'string' && decoder.prefix !== '' ? decoder.prefix : '##';
}

/** A piece that begins a word comes with the space before it, as in other vocabularies; marks such as commas have none. */
function readWordPiece(piece: string, continuation: string): string {
  if (piece.startsWith(continuation) && piece !== continuation) return piece.slice(continuation.length);
  return /^[\p{L}\p{N}]/u.test(piece) ? ` ${piece}` : piece;
}

/** Bytes by their character in byte-level vocabularies: GPT-2's bytes_to_unicode (openai/gpt-2, encoder.py). */
const byteOfCharacter = new Map<string, number>();
for (let byte = 0, shifted = 256; byte < 256; byte++) {
  const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  byteOfCharacter.set(String.fromCodePoint(printable ? byte : shifted++), byte);
}

function bytesToText(piece: string): string {
  const bytes: number[] = [];
  for (const character of piece) {
    const byte = byteOfCharacter.get(character);
    // A character outside the table cannot stand for a byte: the piece is text as it is.
    if (byte === undefined) return piece;
    bytes.push(byte);
  }
  return showBytes(bytes);
}

/** UTF-8 as text, and bytes that are no part of a whole character as \xE2. */
function showBytes(bytes: readonly number[]): string {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes[at] ?? 0);
    try {
      text += strict.decode(Uint8Array.from(bytes.slice(at, at + length)));
      at += length;
    } catch {
      text += `\\x${(bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0')}`;
      at++;
    }
  }
  return text;
}

/** Bytes of the character that begins with this byte; 1 where none does. */
function characterLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
