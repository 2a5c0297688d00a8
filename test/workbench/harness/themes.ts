// The four kinds of colour theme that every view must be legible in, and how the workbench shows which one is on.

export interface Theme {
  /** Value of workbench.colorTheme. */
  setting: string;
  /** What the theme picker calls it. */
  label: string;
  /** Class of the workbench's root under this kind of theme. */
  className: string;
}

export const themes = {
  dark: { setting: 'Default Dark Modern', label: 'Dark Modern', className: 'vs-dark' },
  light: { setting: 'Default Light Modern', label: 'Light Modern', className: 'vs' },
  'high-contrast-dark': { setting: 'Default High Contrast', label: 'Dark High Contrast', className: 'hc-black' },
  'high-contrast-light': {
    setting: 'Default High Contrast Light',
    label: 'Light High Contrast',
    className: 'hc-light',
  },
} as const satisfies Record<string, Theme>;

export type ThemeName = keyof typeof themes;
