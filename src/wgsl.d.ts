/** WGSL kernels are loaded as text by esbuild and vitest. */
declare module '*.wgsl' {
  const source: string;
  export default source;
}
