/**
 * What the editor does for webviews, done by a page that stands alone: the class that says which kind of theme is on.
 * The theme's colours are in standalone.css.
 */

/** Follows the browser's colour scheme, now and when it changes. */
export function followColorScheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    document.body.classList.toggle('vscode-dark', dark.matches);
    document.body.classList.toggle('vscode-light', !dark.matches);
  };
  dark.addEventListener('change', apply);
  apply();
}
