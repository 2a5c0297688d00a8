/**
 * The command line as a function: arguments in, exit code out.
 * Role: assembles the commands and turns failures into exit codes and messages. It neither ends the process nor listens
 * to signals (cli.ts does), so that tests run it in-process.
 */
import { Command, CommanderError } from 'commander';
import { toErrorValue } from '../../protocol/errors';
import { EngineCore } from '../core';
import { optionsFromEnvironment } from '../options';
import type { CommandContext } from './command';
import { addCompare } from './compare';
import { addConvert } from './convert';
import { addForward } from './forward';
import { addGpu } from './gpu';
import { addInspect } from './inspect';
import { addReport } from './report';
import { addSimilarity } from './similarity';
import { addSweep } from './sweep';
import { ProgressLine, type Terminal } from './terminal';

/** What the process exits with. */
export const exitCodes = { done: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Runs one command. Never throws. @returns the exit code */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const progress = new ProgressLine(terminal);
  const ends: (() => unknown)[] = [];
  const open = (): CommandContext => {
    const engine = new EngineCore(optionsFromEnvironment(process.env));
    ends.push(() => engine.destroy());
    const task = { signal, report: (message: string, fraction: number | null) => progress.show(message, fraction) };
    return {
      engine,
      task,
      openModel: async (path) => {
        const model = await engine.open(path, task);
        ends.push(() => engine.model(model.modelId).checkpoint.close());
        return model;
      },
      print: (options, machine, human) => {
        progress.clear();
        terminal.stdout(options.json === true ? `${JSON.stringify(machine, plainArrays)}\n` : `${human}\n`);
      },
    };
  };
  try {
    await makeProgram(version, terminal, open).parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    progress.clear();
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const { code, message } = toErrorValue(error);
    if (signal.aborted || code === 'cancelled') {
      terminal.stderr('Cancelled.\n');
      return exitCodes.cancelled;
    }
    terminal.stderr(`gqa-lens: ${message}\n`);
    return exitCodes.failed;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Typed arrays become arrays in JSON, not objects. */
function plainArrays(_key: string, value: unknown): unknown {
  return value instanceof Float32Array || value instanceof Uint32Array ? Array.from(value) : value;
}

function makeProgram(version: string, terminal: Terminal, open: () => CommandContext): Command {
  const program = new Command('gqa-lens')
    .description('Look at the key/value heads of transformer checkpoints, run them on the GPU, and pool their heads.')
    .version(version)
    .showHelpAfterError('(--help shows the options)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout(text),
      writeErr: (text) => terminal.stderr(text),
      outputError: (text, write) => write(text.replace(/^error/, 'gqa-lens')),
    });
  for (const add of [addInspect, addForward, addSimilarity, addConvert, addCompare, addSweep, addReport, addGpu])
    add(program, open);
  return program;
}
