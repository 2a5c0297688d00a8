/**
 * Which checkpoints hold their weights quantised, and how: told by the tensors that stand beside the weights.
 * Role: recognises schemes and finds the scale of each weight. Applying it is scaledCheckpoint.ts. What cannot be read right is
 * refused by the scheme's name, never read as if it were plain numbers.
 */
import { GqaLensError } from '../../protocol/errors';
import type { Dtype, TensorInfo } from '../checkpoint';
import { isWeightDtype } from '../dtypes';
import { isObject, type JsonObject } from '../json';
import { findMxfp4 } from './mxfp4';
import { scaleSteps } from './scaleLayout';
import { packedSchemes } from './packedSchemes';

/** The factors of one weight. */
export interface WeightScale {
  tensor: string;
  /** Elements of each axis of the weight that share a factor. */
  steps: readonly number[];
  /** What stored factors are divided by. */
  divisor: number;
  /** A tensor that must hold 0: the layout of the stored numbers. */
  layout: string | null;
}

export interface Quantisation {
  /** For people: "F8_E4M3 weights, each times its weight_scale". */
  title: string;
  /** By names of weights. */
  scales: ReadonlyMap<string, WeightScale>;
  /** Tensors of packed numbers, by name, as they are stored: an export copies them so. */
  packed: ReadonlyMap<string, TensorInfo>;
  /** Tensors that only say how to read others. */
  companions: ReadonlySet<string>;
  /** Why the model cannot run. */
  problem: GqaLensError | null;
}

/** Types that numbers are quantised to one by one. */
const quantised: ReadonlySet<Dtype> = new Set<Dtype>(['F8_E4M3', 'F8_E5M2', 'I8', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ']);
const suggestion = 'Take a checkpoint in BF16 or F16, or dequantise this one with the library that made it.';

/** Recognises a quantised checkpoint; null: its weights are plain numbers. Looks at names, shapes and config only. */
export function recogniseQuantisation(
  tensors: ReadonlyMap<string, TensorInfo>,
  config: JsonObject,
): Quantisation | null {
  const { quantization_config: own } = config;
  const settings = isObject(own) ? own : null;
  for (const { title, sign, file } of packedSchemes(tensors, settings)) {
    const none = { scales: new Map<string, WeightScale>(), packed: new Map(), companions: new Set<string>() };
    return { ...none, title, problem: refusal(title, file, sign) };
  }
  const decoded = findMxfp4(tensors);
  const packed = new Map([...tensors].filter(([name]) => decoded.has(name)));
  const scaled = findScales(tensors, settings);
  const titles = [
    ...(packed.size > 0 ? ['experts in MXFP4, decoded as they are read'] : []),
    ...(scaled.scales.size > 0 || scaled.problem ? [describe(tensors, scaled.scales)] : []),
  ];
  return titles.length === 0 ? null : { title: titles.join('; '), packed, ...scaled };
}

/** Scales of weights whose numbers are quantised one by one. */
function findScales(
  tensors: ReadonlyMap<string, TensorInfo>,
  settings: JsonObject | null,
): Pick<Quantisation, 'scales' | 'companions' | 'problem'> {
  const scales = new Map<string, WeightScale>();
  const companions = new Set<string>();
  const bare: TensorInfo[] = [];
  let problem: GqaLensError | null = null;
  for (const info of tensors.values()) {
    if (!quantised.has(info.dtype) || info.shape.length === 0) continue;
    const found = findScale(info, tensors);
    if (!found) {
      bare.push(info);
      continue;
    }
    for (const name of found.beside) companions.add(name);
    const steps = scaleSteps(info.shape, found.info.shape, blockShape(settings));
    if (steps && isWeightDtype(info.dtype) && isWeightDtype(found.info.dtype)) {
      scales.set(info.name, { tensor: found.info.name, steps, divisor: found.divisor, layout: found.layout });
    } else {
      problem ??= refusal(`${show(info)} with a scale ${show(found.info)}`, info.file, found.info.name);
    }
  }
  const [first] = bare;
  // Without a word of quantisation anywhere, numbers of these types are what they say.
  if (first && (scales.size > 0 || settings !== null)) {
    problem ??= refusal(`${first.dtype} numbers without a scale beside them`, first.file, first.name);
  }
  return { scales, companions, problem };
}

interface FoundScale {
  info: TensorInfo;
  divisor: number;
  layout: string | null;
  /** All that belongs to the weight and is no weight. */
  beside: string[];
}

/** The scale beside a weight: NAME_scale, or NAME_scale_inv, which in spite of its name multiplies too; bitsandbytes' SCB. */
function findScale({ name, dtype }: TensorInfo, tensors: ReadonlyMap<string, TensorInfo>): FoundScale | null {
  const base = name.replace(/\.weight$/, '');
  const others = ['input_scale', 'input_global_scale', 'k_scale', 'v_scale', 'output_scale', 'weight_format'];
  const beside = (scale: string): string[] =>
    [scale, ...others.map((other) => `${base}.${other}`)].filter((other) => tensors.has(other));
  for (const scale of [`${name}_scale`, `${name}_scale_inv`]) {
    const info = tensors.get(scale);
    if (info) return { info, divisor: 1, layout: null, beside: beside(scale) };
  }
  const rows = dtype === 'I8' ? tensors.get(`${base}.SCB`) : undefined;
  if (!rows) return null;
  // bitsandbytes, LLM.int8: the largest magnitude of each row became 127.
  const layout = tensors.has(`${base}.weight_format`) ? `${base}.weight_format` : null;
  return { info: rows, divisor: 127, layout, beside: beside(rows.name) };
}

/** Rows and columns of a block, where the config tells: DeepSeek's spelling, then that of compressed-tensors. */
function blockShape(settings: JsonObject | null): readonly number[] | null {
  const groups = isObject(settings?.config_groups) ? Object.values(settings.config_groups) : [];
  const candidates: unknown[] = [
    settings?.weight_block_size,
    ...groups.map((group) => (isObject(group) && isObject(group.weights) ? group.weights.block_structure : null)),
  ];
  for (const shape of candidates) {
    if (Array.isArray(shape) && shape.length === 2 && shape.every(isBlockSize)) return shape;
  }
  return null;
}

function isBlockSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function show({ dtype, shape }: TensorInfo): string {
  return `${dtype} [${shape.join(', ')}]`;
}

function describe(tensors: ReadonlyMap<string, TensorInfo>, scales: ReadonlyMap<string, WeightScale>): string {
  const dtypes = new Set([...scales.keys()].map((name) => tensors.get(name)?.dtype ?? ''));
  const names = new Set([...scales.values()].map(({ tensor }) => tensor.slice(tensor.lastIndexOf('.') + 1)));
  if (scales.size === 0) return 'quantised weights';
  return `${[...dtypes].join(' and ')} weights, each read times its ${[...names].join(' or ')}; activations stay float32`;
}

function refusal(scheme: string, file: string, tensor: string): GqaLensError {
  return new GqaLensError('checkpoint-unsupported', 'The weights are quantised in a way that cannot be run', {
    file,
    tensor,
    expected: 'plain numbers, or F8 and I8 weights with a scale for the tensor, each channel, each group or each block',
    found: scheme,
    next: suggestion,
  });
}
