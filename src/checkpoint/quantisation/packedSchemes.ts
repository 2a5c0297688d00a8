/**
 * Schemes that pack several numbers into one element, or transform weights: recognised by name, not read.
 * Role: a list of signs. A scheme that is decoded elsewhere is no longer named here.
 */
import type { TensorInfo } from '../checkpoint';
import { isObject, type JsonObject } from '../json';
import { findMxfp4 } from './mxfp4';

export interface FoundScheme {
  title: string;
  /** The tensor that tells. */
  sign: string;
  file: string;
}

interface Scheme {
  sign: RegExp;
  /** @param settings quantization_config, if there is one */
  title: (settings: JsonObject | null, has: (sign: RegExp) => boolean) => string;
}

const schemes: readonly Scheme[] = [
  {
    sign: /\.qweight$/,
    title: (settings, has) => {
      const method = settings?.quant_method;
      const name = method === 'awq' ? 'AWQ' : method === 'gptq' || has(/\.g_idx$/) ? 'GPTQ' : 'GPTQ or AWQ';
      return `${name}${bits(settings?.bits ?? settings?.w_bit)}: qweight, qzeros and scales`;
    },
  },
  { sign: /\.weight_packed$/, title: (settings) => `compressed-tensors${named(settings?.format)}: weight_packed` },
  { sign: /\.weight_scale_2$/, title: () => 'NVFP4: packed weights with two scales' },
  { sign: /\.weight_zero_point$/, title: () => 'compressed-tensors with zero points' },
  { sign: /\.weight_g_idx$/, title: () => 'compressed-tensors with groups in an order of their own (g_idx)' },
  { sign: /\.bitmask$/, title: () => 'compressed-tensors, sparse with a bit mask' },
  {
    sign: /_blocks$/,
    title: () => 'MXFP4 in another layout than that of gpt-oss: blocks and scales',
  },
  {
    sign: /\.weight\.(?:absmax|quant_map|nested_absmax|quant_state\.bitsandbytes__\w+)$/,
    title: (_, has) => {
      const kind = has(/bitsandbytes__nf4$/) ? ' NF4' : has(/bitsandbytes__fp4$/) ? ' FP4' : '';
      return `bitsandbytes, 4 bits${kind}: absmax and quant_state`;
    },
  },
  { sign: /\.weight\._(?:data|scale)$/, title: () => 'quanto' },
  { sign: /\.weight_scales$/, title: () => 'EETQ' },
  { sign: /\.W_q$/, title: () => 'HQQ' },
  { sign: /\.codebooks$/, title: () => 'AQLM' },
];

/** Schemes that the tensors show, the first one decides. */
export function* packedSchemes(
  tensors: ReadonlyMap<string, TensorInfo>,
  settings: JsonObject | null,
): Generator<FoundScheme> {
  const names = [...tensors.keys()];
  const decoded = findMxfp4(tensors);
  // "_blocks" is a common ending: with scales of the same name beside it, it is MXFP4.
  const isSign = (name: string): boolean =>
    !name.endsWith('_blocks') || (tensors.has(name.replace(/_blocks$/, '_scales')) && !decoded.has(name));
  const has = (sign: RegExp): boolean => names.some((name) => sign.test(name));
  for (const { sign, title } of schemes) {
    const name = names.find((candidate) => sign.test(candidate) && isSign(candidate));
    if (name !== undefined) yield { title: title(settings, has), sign: name, file: tensors.get(name)?.file ?? '' };
  }
  const [first] = tensors.values();
  const { transform_config: transforms } = settings ?? {};
  if (first && isObject(transforms) && Object.keys(transforms).length > 0) {
    yield { title: 'compressed-tensors with rotations (transform_config)', sign: first.name, file: first.file };
  }
}

function bits(value: unknown): string {
  return typeof value === 'number' ? `, ${value} bits` : '';
}

function named(value: unknown): string {
  return typeof value === 'string' ? `, ${value.slice(0, 60)}` : '';
}
