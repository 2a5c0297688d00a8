/** `gqa-lens gpu`: which runtime and adapter the engine uses, what was tried, and what to do when none was found. */
import type { Command } from 'commander';
import type { GpuDiagnostics } from '../../protocol/gpu';
import type { CommonOptions, OpenContext } from './command';
import { withJson } from './options';
import { facts, formatBytes } from './text';

/** Adds the command. Without an adapter it still succeeds: telling so is its purpose. */
export function addGpu(program: Command, open: OpenContext): void {
  withJson(program.command('gpu'))
    .description('Show the GPU diagnostics: runtime, adapter, limits, probe, and what was tried.')
    .action(async (options: CommonOptions) => {
      const { engine, print } = open();
      const diagnostics = await engine.diagnostics();
      print(options, diagnostics, describe(diagnostics));
    });
}

function describe({ runtime, webgpuVersion, adapter, features, limits, ...rest }: GpuDiagnostics): string {
  const head: [string, string][] = [
    ['runtime', `${runtime}, webgpu ${webgpuVersion}`],
    [
      'adapter',
      adapter === null
        ? 'none'
        : `${[adapter.device, adapter.description].filter((part) => part !== '').join(' · ')}${adapter.isSoftware ? ' (software)' : ''}`,
    ],
  ];
  if (adapter !== null) {
    head.push(
      ['probe', rest.probeMilliseconds === null ? 'failed' : `passed in ${rest.probeMilliseconds.toFixed(1)} ms`],
      ['features', features.join(', ')],
      ['binding limit', formatBytes(limits.maxStorageBufferBindingSize ?? 0)],
      ['buffer limit', formatBytes(limits.maxBufferSize ?? 0)],
    );
  }
  const attempts = rest.attempts.map(
    ({ what, ok, reason }) => ['tried', `${what}: ${ok ? 'works, ' : ''}${reason}`] as [string, string],
  );
  const hint = rest.hint === null ? '' : `\n\n${rest.hint}`;
  return facts([...head, ...attempts]) + hint;
}
