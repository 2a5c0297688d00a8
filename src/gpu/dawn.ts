/**
 * Loads dawn's Node binding (npm `webgpu`). The only file that knows dawn; everything else takes a GPU or GPUDevice.
 * Role: get a GPU object and keep it reachable. It chooses no adapter.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Dawn crashes at random when what `create` returned is collected while its devices live (segmentation faults, awaits
 * that never settle), so every instance stays here until the process exits.
 */
const instances: GPU[] = [];

/** Options for dawn's instance. The toggles unlock shader-f16 on NVIDIA's Vulkan driver, which dawn hides by default. */
const instanceOptions = ['enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia'];

/**
 * Loads the native module and makes an instance. WebGPU's constants become globals, as in a browser.
 * @throws Error with the loader's message when the platform has no binary or a system library is missing.
 */
export async function loadDawn(): Promise<GPU> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create(instanceOptions);
  instances.push(gpu);
  return gpu;
}

/** Version of the installed `webgpu` package, or "unknown" when it cannot be found. */
export function dawnVersion(): string {
  try {
    const folder = dirname(fileURLToPath(import.meta.resolve('webgpu')));
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  } catch {
    return 'unknown';
  }
}
