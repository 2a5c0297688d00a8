/** Where figures go from a page that stands alone: into the browser's downloads, and its clipboard. */
import type { FigureEnding, FigureHostApi } from '../../src/protocol/figures';
import type { Remotely } from './remotely';

const TYPES: Record<FigureEnding, string> = {
  png: 'image/png',
  svg: 'image/svg+xml',
  csv: 'text/csv',
  json: 'application/json',
};

export const downloads: Remotely<FigureHostApi> = {
  saveFigure({ name, ending, content }) {
    const part = typeof content === 'string' ? content : new Uint8Array(content);
    const address = URL.createObjectURL(new Blob([part], { type: TYPES[ending] }));
    const link = document.createElement('a');
    link.href = address;
    link.download = `${name}.${ending}`;
    link.click();
    // The browser reads it after the click.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    return Promise.resolve();
  },
  copyText: (text) => navigator.clipboard.writeText(text),
};
