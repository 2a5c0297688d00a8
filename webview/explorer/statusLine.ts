/**
 * One line of facts: what it cost, where it was computed, how long it took. Every figure below stands under it.
 */
import { isEncoderOnly, noEncoderCache, noEncoderLoss } from '../../src/protocol/layers';
import type { ExplorerSnapshot } from '../../src/protocol/views';
import { element } from '../shared/dom';
import { formatChange, formatDuration, formatInteger, formatLoss, formatPerplexity } from '../shared/format';

export class StatusLine {
  readonly element = element('div', { class: 'status', role: 'status', 'data-testid': 'status' });

  render(snapshot: ExplorerSnapshot): void {
    const { original, converted, model, gpu, busy } = snapshot;
    const facts: HTMLElement[] = [];
    if (original !== null) {
      const loss =
        converted === null ? formatLoss(original.loss) : `${formatLoss(original.loss)} → ${formatLoss(converted.loss)}`;
      const perplexity =
        converted === null
          ? formatPerplexity(original.perplexity)
          : `${formatPerplexity(original.perplexity)} → ${formatPerplexity(converted.perplexity)}`;
      if (isEncoderOnly(model)) facts.push(fact('loss', 'none', `No loss: ${noEncoderLoss}`));
      else {
        facts.push(
          fact('loss', loss, 'Mean next-token cross-entropy in nats, original and converted'),
          fact('perplexity', perplexity, 'exp(loss)'),
        );
      }
      facts.push(
        fact(
          'tokens',
          original.droppedTokens === 0
            ? formatInteger(original.tokens.length)
            : `${formatInteger(original.tokens.length)} (${formatInteger(original.droppedTokens)} cut)`,
          'Tokens of the text that were run',
        ),
      );
    }
    const after = converted?.kvCacheBytesPerToken ?? (model.kvCacheBytesPerToken * snapshot.grouping.G) / model.G;
    const before = model.kvCacheBytesPerToken;
    facts.push(
      fact(
        'cache a token',
        isEncoderOnly(model)
          ? 'none'
          : after === before
            ? `${formatInteger(before)} B`
            : `${formatInteger(after)} B instead of ${formatInteger(before)} B (${formatChange(before, after)})`,
        isEncoderOnly(model) ? `No KV cache: ${noEncoderCache}` : 'Bytes of keys and values kept for each token',
      ),
    );
    if (original !== null) {
      facts.push(
        fact('on', `${original.adapter} · ${original.computeType}`, 'Adapter and arithmetic'),
        fact(
          'in',
          formatDuration(original.milliseconds + (converted?.milliseconds ?? 0)),
          'Wall time of the forward passes',
        ),
      );
    } else if (gpu?.available === true) {
      facts.push(fact('on', `${gpu.adapter}${gpu.isSoftware ? ' (software)' : ''}`, 'Adapter'));
    }
    if (busy !== null) facts.unshift(element('span', { class: 'busy-message' }, busy.message));
    this.element.replaceChildren(...facts);
  }
}

function fact(label: string, value: string, title: string): HTMLElement {
  return element(
    'span',
    { class: 'figure', title },
    element('span', { class: 'muted' }, label),
    element('b', {}, value),
  );
}
