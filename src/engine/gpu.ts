/**
 * The engine's one GPU: opened at first need, reopened after it was lost, described for diagnostics.
 * Role: owns the device, the weights on it and their budget. Everything heavy asks `ready()` first.
 */
import { readFileSync } from 'node:fs';
import { GpuContext } from '../gpu/context';
import { dawnVersion, loadDawn } from '../gpu/dawn';
import { adapterName, openDevice, type AdapterPreference, type Attempt, type OpenedDevice } from '../gpu/device';
import { GpuWeights } from '../model/gpuWeights';
import { GqaLensError } from '../protocol/errors';
import type { GpuDiagnostics } from '../protocol/gpu';

export interface GpuOptions {
  adapter: AdapterPreference;
  /** Bytes of weights kept on the GPU between runs. */
  weightBudget: number;
}

/** A device that works, with the weights on it. */
export interface ReadyGpu {
  context: GpuContext;
  weights: GpuWeights;
  /** The name people know the adapter by. */
  name: string;
}

/** Devices stay reachable as long as the process lives: see src/gpu/dawn.ts. */
const keptDevices: OpenedDevice[] = [];

export class EngineGpu {
  private opening: Promise<ReadyGpu & { opened: OpenedDevice }> | null = null;
  private attempts: Attempt[] = [];

  /** @param onLost called when runs on a lost device have become unusable */
  constructor(
    private readonly options: GpuOptions,
    private readonly onLost: () => void,
  ) {}

  /** The GPU, opened if need be. @throws GqaLensError gpu-unavailable with the command that installs an adapter */
  async ready(): Promise<ReadyGpu> {
    const { context, weights, name } = await this.open();
    return { context, weights, name };
  }

  /** The GPU if one has been opened; does not open it. */
  async opened(): Promise<ReadyGpu | null> {
    return this.opening ? this.opening.catch(() => null) : null;
  }

  /** Tells everything about runtime, adapter, features, limits and what was tried. Never throws. */
  async diagnostics(): Promise<GpuDiagnostics> {
    const opened = await this.open().then(
      (ready) => ready.opened,
      () => null,
    );
    const limits: Record<string, number> = {};
    // Limits are accessors of the prototype: only `in` lists them.
    for (const name in opened?.device.limits) {
      const value: unknown = Reflect.get(opened.device.limits, name);
      if (typeof value === 'number') limits[name] = value;
    }
    return {
      runtime: `node ${process.version} ${process.platform}-${process.arch}`,
      webgpuVersion: dawnVersion(),
      available: opened !== null,
      adapter: opened?.description ?? null,
      features: opened ? [...opened.device.features].sort() : [],
      limits,
      probeMilliseconds: opened?.probeMilliseconds ?? null,
      attempts: this.attempts,
      hint: opened ? null : installHint(),
    };
  }

  destroy(): void {
    void this.opening?.then(
      ({ context }) => context.destroy(),
      () => undefined,
    );
  }

  private open(): Promise<ReadyGpu & { opened: OpenedDevice }> {
    this.opening ??= this.openNow().catch((error: unknown) => {
      // The next call tries again: a driver may have been installed meanwhile.
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  private async openNow(): Promise<ReadyGpu & { opened: OpenedDevice }> {
    this.attempts = [];
    let opened: OpenedDevice | null = null;
    try {
      opened = await openDevice(await loadDawn(), this.options.adapter, this.attempts);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.attempts.push({ what: 'loading the webgpu module', ok: false, reason });
    }
    if (!opened) {
      throw new GqaLensError('gpu-unavailable', 'No GPU adapter was found', {
        found: this.attempts.map(({ what, reason }) => `${what}: ${reason}`).join('; '),
        next: `Install a Vulkan driver: ${installHint()}`,
      });
    }
    keptDevices.push(opened);
    const context = new GpuContext(opened.device, opened.description);
    const weights = new GpuWeights(context, this.options.weightBudget);
    void opened.device.lost.then(() => {
      this.opening = null;
      this.onLost();
    });
    return { context, weights, name: adapterName(opened.description), opened };
  }
}

/** The command that installs a Vulkan adapter on this system, or where to get one. */
export function installHint(): string {
  if (process.platform === 'darwin') return 'WebGPU uses Metal, which every Mac since 2012 has; update macOS.';
  if (process.platform === 'win32') return "update the graphics driver from the card maker's site.";
  let system = '';
  try {
    system = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // No such file on unusual systems: the general advice holds.
  }
  const id = /^ID=(.*)$/m.exec(system)?.[1] ?? '';
  if (/^VERSION_ID="12"/m.test(system) && id === 'debian') {
    return 'sudo apt-get install -t bookworm-backports mesa-vulkan-drivers libvulkan1 (Debian 12: enable bookworm-backports, its own Mesa 22 is too old)';
  }
  if (/debian|ubuntu/.test(system)) return 'sudo apt-get install mesa-vulkan-drivers libvulkan1';
  if (/fedora|rhel/.test(system)) return 'sudo dnf install mesa-vulkan-drivers vulkan-loader';
  if (id === 'arch') return 'sudo pacman -S vulkan-swrast vulkan-icd-loader';
  return 'install a Vulkan loader and driver (Mesa 23 or newer for software rendering, or your GPU vendor’s).';
}
