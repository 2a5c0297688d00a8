/**
 * What the editor does for webviews, done by a page that stands alone: the class that says which kind of theme is on.
 * The theme's colours are in standalone.css.
 */

/** Follows the browser's colour scheme, and whether more contrast is wanted, now and when they change. */
export function followColorScheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const contrast = window.matchMedia('(prefers-contrast: more)');
  const apply = (): void => {
    const { classList } = document.body;
    classList.toggle('vscode-dark', dark.matches && !contrast.matches);
    classList.toggle('vscode-light', !dark.matches && !contrast.matches);
    classList.toggle('vscode-high-contrast', dark.matches && contrast.matches);
    classList.toggle('vscode-high-contrast-light', !dark.matches && contrast.matches);
  };
  for (const query of [dark, contrast]) query.addEventListener('change', apply);
  apply();
}
