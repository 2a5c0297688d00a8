/** WGSL kernels and plain texts are loaded as text by esbuild and vitest. */
declare module '*.wgsl' {
  const source: string;
  export default source;
}
declare module '*.txt' {
  const text: string;
  export default text;
}
/**
 * Standalone pages are bundled to text by scripts/lib/webPages.mjs: the script and the style sheet of webview/NAME/report.ts, and
 * its messages: language → message → translation.
 */
declare module 'web-page:*' {
  const page: { script: string; style: string; translations: Record<string, Record<string, string>> };
  export default page;
}
