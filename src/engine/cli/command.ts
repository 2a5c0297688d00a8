/**
 * What a command of the command line gets to work with.
 * Role: one engine, one task, one way to print. It knows no command.
 */
import type { ModelSummary } from '../../protocol/model';
import type { TaskContext } from '../../protocol/tasks';
import type { EngineCore } from '../core';

/** Options that every command has. */
export interface CommonOptions {
  json?: boolean;
}

/** The setting of one command. */
export interface CommandContext {
  engine: EngineCore;
  /** Opens a checkpoint; it is closed when the command has ended. */
  openModel: (path: string) => Promise<ModelSummary>;
  /** Cancelled by Ctrl+C; its reports go to stderr. */
  task: TaskContext;
  /** The result, on stdout: JSON when that was asked for, else the text. */
  print: (options: CommonOptions, machine: unknown, human: string) => void;
}

/** Makes the context when a command runs: --help starts no engine. */
export type OpenContext = () => CommandContext;
