/** One GPU device for all GPU tests. A machine without an adapter fails them: npm test installs a software one. */
import { afterAll } from 'vitest';
import { GpuContext } from '../../../src/gpu/context';
import { loadDawn } from '../../../src/gpu/dawn';
import { openDevice, type Attempt } from '../../../src/gpu/device';

let opened: Promise<GpuContext> | undefined;

/** The context shared by every test file of the process. */
export function testContext(): Promise<GpuContext> {
  opened ??= open();
  return opened;
}

async function open(): Promise<GpuContext> {
  const attempts: Attempt[] = [];
  const device = await openDevice(await loadDawn(), 'auto', attempts);
  if (!device) throw new Error(`no GPU adapter: ${JSON.stringify(attempts)}`);
  keep.push(device);
  return new GpuContext(device.device, device.description);
}

/** Dawn crashes when adapters and devices are collected (src/gpu/dawn.ts). */
const keep: unknown[] = [];

/** Waits for the GPU at the end of a file, so that a refused command fails that file and not a later one. */
export function settleAfterAll(): void {
  afterAll(async () => {
    await (await testContext()).settled();
  });
}
