/** Style sheets are imported for their effect: esbuild puts them beside the bundle that imports them. */
declare module '*.css';
