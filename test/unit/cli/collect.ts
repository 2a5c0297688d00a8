// Runs a command line in this process and collects what it wrote.
import { runCommandLine } from '../../../src/engine/cli/program';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export async function gqaLens(args: readonly string[], signal = new AbortController().signal): Promise<Outcome> {
  const outcome = { code: -1, stdout: '', stderr: '' };
  const terminal = {
    stdout: (text: string) => void (outcome.stdout += text),
    stderr: (text: string) => void (outcome.stderr += text),
    interactive: false,
  };
  outcome.code = await runCommandLine(args, '1.2.3', terminal, signal);
  return outcome;
}
