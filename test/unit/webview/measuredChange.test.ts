/** What a change of the groups did to loss and KL: against what stood before it. */
import { describe, expect, it } from 'vitest';
import { MeasuredChange } from '../../../webview/explorer/assignment/measuredChange';

/** A snapshot as far as it is read; a loss of null stands for a change that is under way. */
function snapshot(
  G: number,
  loss: number | null,
  { kl = null as number | null, text = 'a', grouping = 'contiguous' } = {},
) {
  return {
    model: { G: 8 },
    state: { conversion: { G, grouping, merge: 'pca' } },
    original: { runId: text, loss: 3 },
    converted: loss === null || G === 8 ? null : { loss },
    compare: kl === null ? null : { klMean: kl },
  } as unknown as Parameters<MeasuredChange['tell']>[0];
}

describe('a change', () => {
  it('is compared with what was measured before it', () => {
    const change = new MeasuredChange();
    change.tell(snapshot(2, 4.7, { kl: 1.2 }));
    expect(change.before).toBeNull();
    change.start();
    change.tell(snapshot(2, null, { grouping: 'manual' }));
    expect(change.before).toMatchObject({ loss: 4.7, kl: 1.2 });
    change.tell(snapshot(2, 4.5, { grouping: 'manual' }));
    change.tell(snapshot(2, 4.5, { grouping: 'manual', kl: 1.1 }));
    expect(change.before).toMatchObject({ loss: 4.7, kl: 1.2 });
    change.tell(snapshot(2, 4.9, { grouping: 'strided', kl: 1.4 }));
    expect(change.before).toMatchObject({ loss: 4.5, kl: 1.1 });
  });

  it('starts from the original where nothing was pooled', () => {
    const change = new MeasuredChange();
    change.tell(snapshot(8, null));
    change.tell(snapshot(4, 3.6, { kl: 0.5 }));
    expect(change.before).toMatchObject({ loss: 3, kl: 0 });
  });

  it('is not compared across texts', () => {
    const change = new MeasuredChange();
    change.tell(snapshot(2, 4.7));
    change.tell(snapshot(2, 5.1, { text: 'b', grouping: 'strided' }));
    expect(change.before).toBeNull();
  });
});
