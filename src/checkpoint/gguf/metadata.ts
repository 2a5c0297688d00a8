/**
 * Metadata of a GGUF file by key: typed and bounded, or an error that names the key.
 * Role: values only. What they mean in a config is config.ts and architectures/.
 */
import { invalidGguf } from './headerBytes';
import type { MetadataValue } from './metadataValues';

export class Metadata {
  /** general.architecture, which most keys begin with. */
  readonly architecture: string;

  constructor(
    private readonly values: ReadonlyMap<string, MetadataValue>,
    readonly file: string,
  ) {
    this.architecture = this.text('general.architecture') ?? this.fail('general.architecture', 'text', undefined);
  }

  has(key: string): boolean {
    return this.values.has(this.full(key));
  }

  /** A number; null when the key is absent. A list of equal numbers, one a layer, is that number. */
  number(key: string): number | null {
    const value = this.values.get(this.full(key));
    if (value === undefined) return null;
    const single = Array.isArray(value) && value.every((element) => element === value[0]) ? value[0] : value;
    if (typeof single === 'number' && Number.isFinite(single)) return single;
    return this.fail(key, 'a number, the same for every layer', value);
  }

  /** A number that the architecture cannot do without. */
  required(key: string): number {
    return this.number(key) ?? this.fail(key, 'a number', undefined);
  }

  /** A whole number from 0 to `most`; 0 when the key is absent. */
  count(key: string, most: number): number {
    const value = this.number(key) ?? 0;
    return Number.isInteger(value) && value >= 0 && value <= most
      ? value
      : this.fail(key, `a whole number from 0 to ${most}`, value);
  }

  text(key: string): string | null {
    const value = this.values.get(this.full(key));
    if (value === undefined || typeof value === 'string') return value ?? null;
    return this.fail(key, 'text', value);
  }

  flag(key: string): boolean | null {
    const value = this.values.get(this.full(key));
    if (value === undefined || typeof value === 'boolean') return value ?? null;
    return this.fail(key, 'true or false', value);
  }

  texts(key: string): string[] | null {
    return this.list(key, 'texts', (value) => typeof value === 'string');
  }

  numbers(key: string): number[] | null {
    return this.list(key, 'numbers', (value) => typeof value === 'number');
  }

  private list<T extends MetadataValue>(
    key: string,
    what: string,
    isOne: (value: MetadataValue) => value is T,
  ): T[] | null {
    const value = this.values.get(this.full(key));
    if (value === undefined) return null;
    if (Array.isArray(value) && value.every(isOne)) return value;
    return this.fail(key, `a list of ${what}`, value);
  }

  /** Keys that begin with a dot are the architecture's own: ".block_count" is "llama.block_count". */
  private full(key: string): string {
    return key.startsWith('.') ? this.architecture + key : key;
  }

  private fail(key: string, expected: string, found: MetadataValue | undefined): never {
    throw invalidGguf('The metadata is not usable', {
      file: this.file,
      expected: `${this.full(key)} as ${expected}`,
      found: found === undefined ? 'no such key' : shown(found),
      next: 'Convert the model again with a current llama.cpp, or download another file of it.',
    });
  }
}

function shown(value: MetadataValue): string {
  const text = Array.isArray(value) ? `a list that begins with ${String(value[0])}` : String(value);
  return text.slice(0, 120);
}
