/** Leases ahead of use: one at a time, and none is left behind. */
import { describe, expect, it } from 'vitest';
import { leaseAhead } from '../../../src/model/leaseAhead';

/** A store of numbered weights that remembers what was asked for and what is held. */
function store(failing = -1) {
  const log: string[] = [];
  const held = new Set<number>();
  const lease = async (step: number): Promise<{ release: () => void }> => {
    log.push(`lease ${step}`);
    await Promise.resolve();
    if (step === failing) throw new Error(`step ${step} cannot be read`);
    held.add(step);
    return {
      release: () => {
        held.delete(step);
        log.push(`release ${step}`);
      },
    };
  };
  return { log, held, lease };
}

describe('leaseAhead', () => {
  it('reads one step ahead and releases each when its turn is over', async () => {
    const { log, held, lease } = store();
    for await (const [step] of leaseAhead([0, 1, 2], lease)) log.push(`use ${step}`);
    expect(log).toEqual([
      ...['lease 0', 'lease 1', 'use 0', 'release 0', 'lease 2', 'use 1', 'release 1'],
      ...['use 2', 'release 2'],
    ]);
    expect(held.size).toBe(0);
  });

  it('releases also what was read ahead when the body throws or leaves', async () => {
    for (const leave of ['throw', 'break'] as const) {
      const { log, held, lease } = store();
      const run = async (): Promise<void> => {
        for await (const [step] of leaseAhead([0, 1, 2], lease)) {
          if (step !== 1) continue;
          if (leave === 'break') break;
          throw new Error('the GPU failed');
        }
      };
      if (leave === 'throw') await expect(run()).rejects.toThrow('the GPU failed');
      else await run();
      await new Promise((resolve) => setTimeout(resolve, 0));
      expect(log).toContain('lease 2');
      expect([...held]).toEqual([]);
    }
  });

  it('gives a failure to read at its turn, and nothing else is held', async () => {
    const { log, held, lease } = store(1);
    const used: number[] = [];
    const run = async (): Promise<void> => {
      for await (const [step] of leaseAhead([0, 1, 2], lease)) used.push(step);
    };
    await expect(run()).rejects.toThrow('step 1 cannot be read');
    expect(used).toEqual([0]);
    expect(log).not.toContain('lease 2');
    expect(held.size).toBe(0);
  });

  it('of nothing is nothing', async () => {
    const used: number[] = [];
    for await (const [step] of leaseAhead([], store().lease)) used.push(step);
    expect(used).toEqual([]);
  });
});
