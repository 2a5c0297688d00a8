/**
 * Seeded random numbers, so that floors are the same on every machine and every run.
 * Role: Gaussian weights for comparison. Not for anything that must be unpredictable.
 */

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32, Tommy Ettinger, public domain). */
export function uniformRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** `length` independent numbers of mean 0 and variance 1 (Box and Muller 1958). */
export function gaussianArray(length: number, seed: number): Float32Array {
  const uniform = uniformRandom(seed);
  const values = new Float32Array(length);
  for (let index = 0; index < length; index += 2) {
    // 1 - u is never 0, so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    values[index] = radius * Math.cos(angle);
    if (index + 1 < length) values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}
