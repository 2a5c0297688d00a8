/** WGSL kernels and plain texts are loaded as text by esbuild and vitest. */
declare module '*.wgsl' {
  const source: string;
  export default source;
}
declare module '*.txt' {
  const text: string;
  export default text;
}
