/** What commands run on: a text, token ids or a text file, and what an encoder-decoder's decoder reads. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RunInput, TextInput } from '../../protocol/tokens';
import { readTextFile } from '../textFile';

/** Reads token ids: "1,2,3". */
export function tokenIds(text: string): number[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0 || !words.every((word) => /^\d+$/.test(word) && Number.isSafeInteger(Number(word)))) {
    throw new InvalidArgumentError('Expected token ids separated by commas: 1,2,3.');
  }
  return words.map(Number);
}

/** Values of --text, --ids and --text-file, and of those for the decoder of an encoder-decoder. */
export interface InputOptions {
  text?: string;
  ids?: number[];
  decoderText?: string;
  decoderIds?: number[];
  /** Of commands that have it: withTextFile. */
  textFile?: string;
}

/** The options that give an input itself. */
export const inputOptions = ['text', 'ids', 'decoderText', 'decoderIds'] as const;

/** Adds --text, --ids, --decoder-text and --decoder-ids. */
export function withInput(command: Command): Command {
  return command
    .addOption(new Option('--text <text>', 'text to run on; needs a tokenizer.json').conflicts('ids'))
    .addOption(new Option('--ids <ids>', 'token ids to run on: 1,2,3').argParser(tokenIds))
    .addOption(
      new Option(
        '--decoder-text <text>',
        "encoder-decoder: what the decoder reads (default: the model's own answer)",
      ).conflicts('decoderIds'),
    )
    .addOption(
      new Option('--decoder-ids <ids>', 'the same as token ids, with the start token: 0,1,2').argParser(tokenIds),
    );
}

/** Adds --text-file, which stands in the place of the options that give an input. @param others that it excludes as well */
export function withTextFile(command: Command, what: string, ...others: string[]): Command {
  return command.addOption(new Option('--text-file <file>', what).conflicts([...inputOptions, ...others]));
}

/** Whether a text or token ids were given. */
export function hasInput({ text, ids }: InputOptions): boolean {
  return text !== undefined || ids !== undefined;
}

/** Ends the command with a usage error where there is nothing to run on, neither an input nor a file. */
export function requireText(options: InputOptions, command: Command): void {
  if (options.textFile === undefined) requireInput(options, command);
}

/** The input that was given; ends the command with a usage error when there is none. */
export function requireInput({ text, ids, decoderText, decoderIds }: InputOptions, command: Command): RunInput {
  const input = textInput(text, ids);
  const decoder = textInput(decoderText, decoderIds);
  if (input) return { ...input, ...(decoder ? { decoder } : {}) };
  const hasFiles = command.options.some(({ long }) => long === '--text-file');
  const ways = hasFiles ? '--text TEXT, --text-file FILE' : '--text TEXT';
  return command.error(`error: give the input with ${ways} or --ids 1,2,3`, { exitCode: 2 });
}

/** The input that was given, or the whole text of the file. @throws GqaLensError input-invalid when it cannot be read */
export async function readInput(options: InputOptions, command: Command): Promise<RunInput> {
  if (options.textFile === undefined) return requireInput(options, command);
  return { kind: 'text', text: await readTextFile(options.textFile) };
}

function textInput(text: string | undefined, ids: number[] | undefined): TextInput | null {
  if (text !== undefined) return { kind: 'text', text };
  return ids === undefined ? null : { kind: 'ids', ids };
}
