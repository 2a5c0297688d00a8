/** Reads the engine's options from the environment, where the extension's settings and the shell put them. */
import type { AdapterPreference } from '../gpu/device';
import type { GpuOptions } from './gpu';

const preferences: readonly string[] = [
  'auto',
  'high-performance',
  'low-power',
  'software',
] satisfies AdapterPreference[];

/** Default budget for weights on the GPU: 2 GiB fits beside other work on common cards and in llvmpipe's memory. */
const defaultBudgetMegabytes = 2048;

/** GQA_LENS_ADAPTER and GQA_LENS_WEIGHT_BUDGET_MB; anything unusable falls back to the default. */
export function optionsFromEnvironment(environment: NodeJS.ProcessEnv): GpuOptions {
  const wanted = environment.GQA_LENS_ADAPTER ?? '';
  const megabytes = Number(environment.GQA_LENS_WEIGHT_BUDGET_MB);
  return {
    adapter: isPreference(wanted) ? wanted : 'auto',
    weightBudget: (megabytes > 0 ? megabytes : defaultBudgetMegabytes) * 2 ** 20,
  };
}

function isPreference(value: string): value is AdapterPreference {
  return preferences.includes(value);
}
