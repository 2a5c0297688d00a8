/**
 * The words of the pages in the user's language: reads the messages that the host, or the engine in a page that stands alone, put
 * into the page, for `t` of @vscode/l10n. Without any the words are English.
 * Role: a page imports this before everything else, since others translate while they are loaded.
 */
import { config } from '@vscode/l10n';

const contents = document.getElementById('messages')?.textContent;
if (contents) config({ contents });
