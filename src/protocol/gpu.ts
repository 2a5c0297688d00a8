/** What "Show GPU Diagnostics" and `gqa-lens gpu` tell. Plain data. */

/** One Node runtime that was considered for the engine, in the order tried. */
export interface RuntimeCandidate {
  /** Why it was considered: "setting", "this process", "shipped with the extension", "PATH", "the editor's own". */
  origin: string;
  path: string;
  /** e.g. "v20.20.2", or null when it did not start. */
  version: string | null;
  ok: boolean;
  /** Why it was refused, or what the probe found. */
  reason: string;
}

export interface AdapterDescription {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  /** True for llvmpipe, SwiftShader and other software renderers. */
  isSoftware: boolean;
}

export interface GpuDiagnostics {
  /** Runtime the engine runs in, e.g. "node v20.20.2 linux-x64". */
  runtime: string;
  webgpuVersion: string;
  available: boolean;
  adapter: AdapterDescription | null;
  features: string[];
  limits: Record<string, number>;
  /** Milliseconds of a 4-byte write, copy and map-read; null when it failed. */
  probeMilliseconds: number | null;
  /** Every way of getting an adapter that was tried, with its outcome. */
  attempts: { what: string; ok: boolean; reason: string }[];
  /** What to do when no adapter was found: a command to run. Null when one was found. */
  hint: string | null;
}
