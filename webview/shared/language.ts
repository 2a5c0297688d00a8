/**
 * The words of the pages in the user's language: reads the messages that the host put into the page, for `t` of @vscode/l10n.
 * Role: a page imports this before everything else, since others translate while they are loaded. In a page that stands alone there
 * are none, and the words are English.
 */
import { config } from '@vscode/l10n';

const contents = document.getElementById('messages')?.textContent;
if (contents) config({ contents });
