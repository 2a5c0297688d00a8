// Work that keeps one core busy, shared out: as much at a time as there are cores.
import { availableParallelism } from 'node:os';

let free = availableParallelism();

/** @type {(() => void)[]} */
const waiting = [];

/**
 * Does work once a core is free for it.
 * @param {() => Promise<void>} work
 */
export async function inTurn(work) {
  if (free === 0) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
  else free--;
  try {
    await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}
