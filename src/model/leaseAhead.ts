/**
 * Weights of one step after another, read one step ahead of the GPU.
 * Role: order and release. What is leased and how it is read is layerWeights.ts and gpuWeights.ts.
 */

/** Weights that are held until they are released. */
export interface Releasable {
  release(): void;
}

/**
 * Leases the weights of each step while the step before runs. They are released when the loop's body is done with them, and
 * also those that nobody came to use, when the loop ends early.
 * @param lease its errors surface when the step's turn comes
 */
export async function* leaseAhead<Step, Leased extends Releasable>(
  steps: readonly Step[],
  lease: (step: Step) => Promise<Leased>,
): AsyncGenerator<[Step, Leased], void, undefined> {
  const begin = (place: number): Promise<Leased> | null => {
    const step = steps[place];
    const leased = step === undefined ? null : lease(step);
    leased?.catch(() => undefined);
    return leased;
  };
  let next = begin(0);
  try {
    for (const [place, step] of steps.entries()) {
      const leased = await next;
      if (!leased) return;
      next = null;
      try {
        next = begin(place + 1);
        yield [step, leased];
      } finally {
        leased.release();
      }
    }
  } finally {
    next?.then(
      (leased) => leased.release(),
      () => undefined,
    );
  }
}
