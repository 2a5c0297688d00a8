/**
 * Where the command line writes: results to stdout, progress and errors to stderr.
 * Role: the terminal as two functions, and the progress line. It knows no command.
 */

/** The two streams of a command. Tests give functions that collect. */
export interface Terminal {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether stderr is watched by a person: progress then rewrites one line. */
  interactive: boolean;
}

/** Between two progress lines where stderr is a file or a pipe. */
const logMilliseconds = 2000;
/** Between two states of the line that a person watches. */
const redrawMilliseconds = 80;

/** Shows progress on stderr without flooding it. */
export class ProgressLine {
  /** Quick commands show no progress at all. */
  private shownAt = performance.now();
  private visible = false;

  constructor(private readonly terminal: Terminal) {}

  /** @param fraction 0 to 1, or null where the length is not known */
  show(message: string, fraction: number | null): void {
    const now = performance.now();
    if (now - this.shownAt < (this.terminal.interactive ? redrawMilliseconds : logMilliseconds)) return;
    this.shownAt = now;
    const text = fraction === null ? message : `${message} (${Math.round(fraction * 100)} %)`;
    this.terminal.stderr(this.terminal.interactive ? `\r\u001b[2K${text}` : `${text}\n`);
    this.visible = this.terminal.interactive;
  }

  /** Removes the line, so that what follows starts on a clean one. */
  clear(): void {
    if (this.visible) this.terminal.stderr('\r\u001b[2K');
    this.visible = false;
  }
}
