// A Vulkan adapter for the engine: is there one, and if not, the software driver. Nothing is installed where a GPU works.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addSuite, distribution, installPackages, rootPrefix } from './debian.mjs';
import { attempt, lastLines } from './processes.mjs';
import { root } from './places.mjs';
import { say, step } from './terminal.mjs';

/** What the NVIDIA driver's own Vulkan part needs beside it on a machine without a desktop. */
const loaderPackages = ['libvulkan1', 'libegl1', 'libglvnd0', 'libopengl0', 'libgl1', 'libglx0', 'libgles2'];

const softwarePackages = ['mesa-vulkan-drivers', 'libvulkan1'];

/** Debian 12's own Mesa (22.3) is too old for WebGPU; this suite's is not. */
const newerSuite = /** @type {Record<string, string>} */ ({ bookworm: 'bookworm-backports' });

/** Makes sure that WebGPU finds an adapter, or says what to install and lets everything else go on. */
export async function ensureGpu() {
  let refusal = await probeGpu();
  if (refusal === null) return;
  const system = distribution();
  const prefix = system?.debianLike ? await rootPrefix() : null;
  if (prefix && existsSync('/proc/driver/nvidia/version')) {
    await step('Installing the Vulkan loader: an NVIDIA GPU is here, but WebGPU cannot reach it', () =>
      installPackages(prefix, loaderPackages),
    );
    refusal = await probeGpu();
  }
  if (refusal !== null && prefix && system) {
    await step(`Installing a software Vulkan driver (mesa-vulkan-drivers): WebGPU found no GPU`, async () => {
      const suite = system.ubuntuLike ? undefined : newerSuite[system.codename];
      if (suite !== undefined) await addSuite(prefix, suite);
      await installPackages(prefix, softwarePackages, suite);
    });
    refusal = await probeGpu();
  }
  if (refusal !== null)
    say(`! WebGPU found no adapter: ${refusal}\n  ${advice()} What needs no GPU works all the same.`);
}

/** @returns {Promise<string | null>} null when an adapter works, else why not */
async function probeGpu() {
  const script = join(root, 'scripts', 'lib', 'gpuProbe.mjs');
  const { code, output, timedOut } = await attempt(process.execPath, [script], { timeout: 60_000 });
  if (code === 0) return null;
  return timedOut ? 'the probe did not end within 60 s' : lastLines(output, 1) || `the probe ended with code ${code}`;
}

/** @returns {string} what a person can do about a missing adapter on this platform */
function advice() {
  const system = distribution();
  if (system?.debianLike) {
    const suite = system.ubuntuLike ? undefined : newerSuite[system.codename];
    const source = suite === undefined ? '' : ` (from ${suite}, which must be among apt's sources: -t ${suite})`;
    return `As root: apt-get install ${softwarePackages.join(' ')}${source}.`;
  }
  if (process.platform === 'linux') {
    return "Install your GPU's Vulkan driver, or Mesa's lavapipe: `dnf install mesa-vulkan-drivers`, `pacman -S vulkan-swrast`, `apk` has none that works.";
  }
  if (process.platform === 'win32') return "Install your GPU's current driver: WebGPU uses Direct3D 12.";
  return 'WebGPU uses Metal: macOS 13 or newer is needed.';
}
