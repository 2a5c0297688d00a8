/** The checkpoints that were last compared with, newest first: kept with the extension, over windows. */
import type * as vscode from 'vscode';

const key = 'comparedCheckpoints';
const mostKept = 6;

export class RecentCheckpoints {
  constructor(private readonly memory: vscode.Memento) {}

  paths(): string[] {
    const stored: unknown = this.memory.get(key);
    return Array.isArray(stored) ? stored.filter((path) => typeof path === 'string') : [];
  }

  async add(path: string): Promise<void> {
    await this.memory.update(key, [path, ...this.paths().filter((other) => other !== path)].slice(0, mostKept));
  }
}
