/**
 * Finds an adapter, opens a device with all that the adapter offers, and proves that it works.
 * Role: from a GPU object to an OpenedDevice, with a record of everything tried. It runs no model code.
 */
import type { AdapterDescription } from '../protocol/gpu';

/** Which adapter the user wants. "software" takes a software renderer where the loader offers one. */
export type AdapterPreference = 'auto' | 'high-performance' | 'low-power' | 'software';

export interface Attempt {
  what: string;
  ok: boolean;
  reason: string;
}

/** A working device. Keep it reachable as long as it is used: see dawn.ts. */
export interface OpenedDevice {
  adapter: GPUAdapter;
  device: GPUDevice;
  description: AdapterDescription;
  /** Milliseconds of the 4-byte write, copy and map-read. */
  probeMilliseconds: number;
}

/** Features used when present; none is required. */
const wantedFeatures: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

const softwareNames = /llvmpipe|swiftshader|softpipe|lavapipe|software|microsoft basic render/i;

/** Describes an adapter. Software renderers are told by name: dawn's fallback flag is not set on llvmpipe. */
export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description } = adapter.info;
  const isSoftware = softwareNames.test(`${vendor} ${architecture} ${device} ${description}`);
  return { vendor, architecture, device, description, isSoftware };
}

/**
 * Tries the adapters that fit the preference, in order, and returns the first that passes the probe.
 * @param attempts receives one entry for everything tried, for the diagnostics
 * @returns null when none works
 */
export async function openDevice(
  gpu: GPU,
  preference: AdapterPreference,
  attempts: Attempt[],
): Promise<OpenedDevice | null> {
  for (const options of requestsFor(preference)) {
    const what = `requestAdapter(${JSON.stringify(options)})`;
    try {
      const adapter = await gpu.requestAdapter(options);
      if (!adapter) {
        attempts.push({ what, ok: false, reason: 'no adapter' });
        continue;
      }
      const description = describeAdapter(adapter);
      if (preference === 'software' && !description.isSoftware) {
        attempts.push({ what, ok: false, reason: `${description.description} is no software renderer` });
        continue;
      }
      const device = await adapter.requestDevice({
        requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
        requiredLimits: limitsOf(adapter),
      });
      const probeMilliseconds = await probe(device);
      attempts.push({ what, ok: true, reason: adapterName(description) });
      return { adapter, device, description, probeMilliseconds };
    } catch (error) {
      attempts.push({ what, ok: false, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return null;
}

/** The name people know an adapter by: the card, or the renderer with its version where it is software. */
export function adapterName({ device, description, architecture, isSoftware }: AdapterDescription): string {
  // Software renderers repeat their own version after the driver's: "llvmpipe: Mesa 25.0.7 (LLVM 15.0.6) 0.0.1".
  const names = isSoftware ? [description.replace(/\) [\d.]+$/, ')'), device] : [device, description];
  return [...names, architecture].find((name) => name !== '') ?? 'unnamed adapter';
}

function requestsFor(preference: AdapterPreference): GPURequestAdapterOptions[] {
  if (preference === 'software') return [{ forceFallbackAdapter: true }, {}];
  if (preference === 'auto') return [{ powerPreference: 'high-performance' }, {}];
  return [{ powerPreference: preference }];
}

/** Limits that large models need; the defaults (128 MiB bindings) would force needless splitting. */
function limitsOf(adapter: GPUAdapter): Record<string, number> {
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = adapter.limits;
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, maxStorageBuffersPerShaderStage } =
    adapter.limits;
  return {
    maxBufferSize,
    maxStorageBufferBindingSize,
    maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX,
    maxStorageBuffersPerShaderStage,
  };
}

/** Writes, copies and reads 4 bytes back: readback is what fails in runtimes that refuse external buffers. */
async function probe(device: GPUDevice): Promise<number> {
  const start = performance.now();
  const source = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  const target = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  try {
    device.queue.writeBuffer(source, 0, new Uint32Array([0x47514131]));
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, target, 0, 4);
    device.queue.submit([encoder.finish()]);
    await target.mapAsync(GPUMapMode.READ);
    const value = new Uint32Array(target.getMappedRange().slice(0))[0];
    target.unmap();
    if (value !== 0x47514131) throw new Error(`the 4-byte readback returned ${String(value)}`);
    return performance.now() - start;
  } finally {
    source.destroy();
    target.destroy();
  }
}
