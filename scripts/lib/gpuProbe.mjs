// Run as a process of its own: asks WebGPU for an adapter and proves it with a 4-byte write, copy and map-read.
// Prints one line of JSON, { adapter, software }, or fails with the reason on stderr.
import { create, globals } from 'webgpu';

// The instance, the adapter and the device must stay reachable until the process ends (see ARCHITECTURE.md).
/** @type {unknown[]} */
const alive = [];

try {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  alive.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter: no Vulkan driver that WebGPU can use');
  alive.push(adapter);
  const device = await adapter.requestDevice();
  alive.push(device);
  const { GPUBufferUsage, GPUMapMode } = globalThis;
  const source = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
  const target = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  device.queue.writeBuffer(source, 0, new Uint32Array([0xc0ffee]));
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, target, 0, 4);
  device.queue.submit([encoder.finish()]);
  await target.mapAsync(GPUMapMode.READ);
  const read = new Uint32Array(target.getMappedRange().slice(0))[0];
  if (read !== 0xc0ffee) throw new Error(`the adapter gave ${read} back for a written ${0xc0ffee}`);
  const { vendor, architecture, device: name, description } = adapter.info;
  const words = [vendor, architecture, name, description].join(' ');
  const software = /llvmpipe|lavapipe|swiftshader|software|basic render/i.test(words);
  process.stdout.write(`${JSON.stringify({ adapter: description || name || vendor, software })}\n`, () =>
    process.exit(0),
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`, () => process.exit(1));
}
