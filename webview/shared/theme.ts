/**
 * Which kind of theme the editor shows. Role: the one place that reads it; colours themselves are CSS variables.
 */

/** Whether the background is dark, high contrast included. */
export function isDark(): boolean {
  const classes = document.body.classList;
  return !classes.contains('vscode-light') && !classes.contains('vscode-high-contrast-light');
}

/** Calls `changed` whenever the user picks another theme. */
export function onThemeChange(changed: () => void): void {
  new MutationObserver(changed).observe(document.body, { attributes: true, attributeFilter: ['class'] });
}
