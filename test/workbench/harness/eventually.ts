// What a page comes to in its own time. For tests alone: expect.poll cannot be asked before the first of them.
import { expect } from 'vitest';

/** How long is waited, in milliseconds; how fast a machine is, no test knows. */
const patience = 90_000;

/** @param what said when it does not come to hold */
export async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  await expect.poll(check, { timeout: patience, interval: 100, message: what }).toBe(true);
}

export async function eventuallyEquals<Value>(read: () => Promise<Value>, expected: Value): Promise<void> {
  await expect.poll(read, { timeout: patience, interval: 100 }).toEqual(expected);
}
