/**
 * One line of facts: what it cost, where it was computed, how long it took. Every figure below stands under it.
 */
import { t } from '@vscode/l10n';
import type { ExplorerSnapshot } from '../../src/protocol/explorerView';
import { isEncoderOnly, noEncoderCache, noEncoderLoss } from '../../src/protocol/layers';
import { element } from '../shared/dom';
import { formatChange, formatDuration, formatLoss, formatPerplexity } from '../shared/format';
import { formatInteger } from '../../src/protocol/numbers';

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
      if (isEncoderOnly(model)) facts.push(fact(t('loss'), t('none'), t('No loss: {0}', noEncoderLoss)));
      else {
        facts.push(
          fact(t('loss'), loss, t('Mean next-token cross-entropy in nats, original and converted')),
          fact(t('perplexity'), perplexity, 'exp(loss)'),
        );
      }
      facts.push(
        fact(
          t('tokens'),
          original.droppedTokens === 0
            ? formatInteger(original.tokens.length)
            : t('{0} ({1} cut)', formatInteger(original.tokens.length), formatInteger(original.droppedTokens)),
          t('Tokens of the text that were run'),
        ),
      );
    }
    const after = converted?.kvCacheBytesPerToken ?? (model.kvCacheBytesPerToken * snapshot.grouping.G) / model.G;
    const before = model.kvCacheBytesPerToken;
    facts.push(
      fact(
        t('cache a token'),
        isEncoderOnly(model)
          ? t('none')
          : after === before
            ? `${formatInteger(before)} B`
            : t(
                '{0} B instead of {1} B ({2})',
                formatInteger(after),
                formatInteger(before),
                formatChange(before, after),
              ),
        isEncoderOnly(model)
          ? t('No KV cache: {0}', noEncoderCache)
          : t('Bytes of keys and values kept for each token'),
      ),
    );
    if (original !== null) {
      facts.push(
        fact(t('on'), `${original.adapter} · ${original.computeType}`, t('Adapter and arithmetic')),
        fact(
          t('in'),
          formatDuration(original.milliseconds + (converted?.milliseconds ?? 0)),
          t('Wall time of the forward passes'),
        ),
      );
    } else if (gpu?.available === true) {
      facts.push(fact(t('on'), gpu.isSoftware ? t('{0} (software)', gpu.adapter) : gpu.adapter, t('Adapter')));
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
