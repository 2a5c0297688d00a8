// What the scripts say: one line when something long begins, with its reason, and one when it ends. Nothing else prints.

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * Says what begins, does it, and says how long it took.
 * @template T
 * @param {string} label what is done and why
 * @param {() => Promise<T> | T} work
 * @returns {Promise<T>}
 */
export async function step(label, work) {
  say(`- ${label} …`);
  const begun = performance.now();
  const result = await work();
  say(`  done in ${seconds(performance.now() - begun)}`);
  return result;
}

/**
 * @param {number} milliseconds
 * @returns {string} e.g. "3.2 s" or "4 min 10 s"
 */
export function seconds(milliseconds) {
  if (milliseconds < 120_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.round(milliseconds / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * The text that a person needs from anything that was thrown.
 * @param {unknown} error
 * @returns {string}
 */
export function reason(error) {
  return error instanceof Error ? error.message : String(error);
}
