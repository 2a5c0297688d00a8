/**
 * Options of conversions that several commands share, and how their values are read. What commands run on is inputOptions.ts.
 * Role: the registries decide the choices, so that --help and the errors name what exists.
 */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { namedGroupings } from '../../gqa/grouping';
import { manual } from '../../gqa/groupings/manual';
import { merges } from '../../gqa/merge';
import { usualCalibration, type ConversionRequest } from '../../protocol/conversion';
import { GqaLensError } from '../../protocol/errors';
import { recommendedMethod, type MethodInfo } from '../../protocol/methods';
import type { EngineCore } from '../core';

/** Reads a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text) || Number(text) < least || !Number.isSafeInteger(Number(text))) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    }
    return Number(text);
  };
}

/** An option whose values are the ids of a registry. */
export function methodOption(flags: string, what: string, methods: readonly MethodInfo[], preferred: string): Option {
  return new Option(flags, what).choices(methods.map(({ id }) => id)).default(preferred);
}

/** A registry as a section of --help. */
export function methodHelp(title: string, methods: readonly MethodInfo[]): string {
  const width = Math.max(...methods.map(({ id }) => id.length));
  const lines = methods.map(
    ({ id, description, source, needsText }) =>
      `  ${id.padEnd(width)}  ${description}${needsText === true ? ' Solved on a text.' : ''} [${source}]`,
  );
  return `\n${title}:\n${lines.join('\n')}`;
}

/** Adds --json. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print machine-readable JSON on stdout');
}

/** Values of --groups, --grouping, --merge and what they are solved on. */
export interface ConversionOptions extends CalibrationOptions {
  groups?: number;
  /** A registry id, or a grouping file. */
  grouping: string;
  /** Absent: the recommended one. */
  merge?: string;
}

const isGroupingFile = (grouping: string): boolean => grouping.toLowerCase().endsWith('.json');

function readGrouping(text: string): string {
  if (isGroupingFile(text) || namedGroupings.some(({ id }) => id === text)) return text;
  throw new InvalidArgumentError(`Allowed are ${namedGroupings.map(({ id }) => id).join(', ')} and a JSON file.`);
}

/**
 * The conversion that the options mean; a grouping file says the number of groups itself.
 * @param usualG groups without --groups; null: they must be given
 * @throws GqaLensError when the file is no grouping of the model; ends the command with a usage error without groups
 */
export async function conversionRequest(
  options: ConversionOptions,
  usualG: number | null,
  { engine, modelId }: { engine: EngineCore; modelId: string },
  command: Command,
): Promise<ConversionRequest> {
  const { groups, grouping, merge = recommendedMerge(options) } = options;
  const calibration = calibrationOf(options);
  if (isGroupingFile(grouping)) {
    const { G, assignment } = await engine.readGrouping(modelId, grouping);
    if (groups === undefined || groups === G) return { G, grouping: manual.id, assignment, merge, ...calibration };
    throw new GqaLensError('conversion-invalid', 'The grouping file has another number of groups', {
      file: grouping,
      expected: `${groups} groups, as --groups says`,
      found: `${G} groups`,
      next: 'Leave --groups away.',
    });
  }
  const G = groups ?? usualG;
  return G === null
    ? command.error('error: give the number of KV heads with --groups G', { exitCode: 2 })
    : { G, grouping, merge, ...calibration };
}

/** Whether the command line says anything of a conversion: where a second checkpoint may be given in its place. */
export function asksForConversion(command: Command): boolean {
  const names = ['groups', 'grouping', 'merge', 'calibrate', 'calibrateTokens'];
  return names.some((name) => command.getOptionValueSource(name) === 'cli');
}

/** Adds --grouping, --merge, --calibrate and --calibrate-tokens, and explains them under the options. */
export function withConversion(command: Command): Command {
  command
    .addOption(
      new Option('--grouping <method>', 'which heads share: a method below, or a JSON file')
        .argParser(readGrouping)
        .default('contiguous'),
    )
    .addOption(
      new Option(
        '--merge <method>',
        `what the shared head becomes (default: ${recommendedMerge({})}, with --calibrate ${recommendedMerge({ calibrate: '' })})`,
      ).choices(merges.map(({ id }) => id)),
    );
  return withCalibration(command)
    .addHelpText('after', methodHelp('Groupings', namedGroupings))
    .addHelpText('after', methodHelp('Merges', merges));
}

/** Values of --calibrate and --calibrate-tokens. */
export interface CalibrationOptions {
  calibrate?: string;
  calibrateTokens?: number;
}

/** Adds --calibrate and --calibrate-tokens. */
export function withCalibration(command: Command): Command {
  return command
    .option('--calibrate <file>', 'text that methods are solved on which need one (default: a bundled excerpt)')
    .option('--calibrate-tokens <n>', `tokens of that text (default: ${usualCalibration.tokens})`, wholeNumber(2));
}

function recommendedMerge({ calibrate }: CalibrationOptions): string {
  return recommendedMethod(merges, calibrate !== undefined).id;
}

/** The text that the options name, as a part of a conversion request. */
export function calibrationOf({
  calibrate,
  calibrateTokens,
}: CalibrationOptions): Pick<ConversionRequest, 'calibration'> {
  if (calibrate === undefined && calibrateTokens === undefined) return {};
  return { calibration: { file: calibrate ?? null, tokens: calibrateTokens ?? usualCalibration.tokens } };
}
