/**
 * From the value that a PyTorch file holds to its dict of tensors.
 * Role: finds the state dict, which training scripts put one or two levels down. It knows no files.
 */
import type { ErrorDetail } from '../../protocol/errors';
import { PickleDict, showValue, type PickleValue } from './pickleValues';
import { PickledTensor } from './torchGlobals';

/** Keys under which a state dict is looked for. */
const holders = ['state_dict', 'model_state_dict', 'model', 'module', 'params'];
/** Levels that are looked through. */
const depthLimit = 3;

export interface StateDict {
  tensors: ReadonlyMap<string, PickledTensor>;
  /** Keys that led to it; empty: it is the outermost. */
  path: readonly string[];
}

/** The state dict, or what is wrong with the value. A later tensor of the same name wins, as in Python. */
export function findStateDict(root: PickleValue): StateDict | ErrorDetail {
  let path: readonly string[] = [];
  let value = root;
  for (let depth = 0; depth < depthLimit; depth++) {
    if (!(value instanceof PickleDict)) return notADict(path, value);
    const tensors = tensorsOf(value);
    if (tensors.size > 0) return { tensors, path };
    const { entries } = value;
    const inside = holders.filter((key) => entries.get(key) instanceof PickleDict);
    const [holder] = inside;
    if (holder === undefined)
      return { expected: `tensors by name, or a dict of them under ${holders.join(', ')}`, found: keysOf(value) };
    if (inside.length > 1) return { expected: 'one dict of tensors', found: `dicts under ${inside.join(' and ')}` };
    path = [...path, holder];
    value = entries.get(holder) ?? null;
  }
  return notADict(path, value);
}

function notADict(path: readonly string[], value: PickleValue): ErrorDetail {
  return {
    expected: 'a dict of tensors',
    found: `${showValue(value)}${path.length === 0 ? '' : ` under ${path.join('.')}`}`,
  };
}

function tensorsOf({ entries }: PickleDict): Map<string, PickledTensor> {
  const tensors = new Map<string, PickledTensor>();
  for (const [name, value] of entries) {
    if (typeof name === 'string' && value instanceof PickledTensor) tensors.set(name, value);
  }
  return tensors;
}

function keysOf({ entries }: PickleDict): string {
  const names = [...entries.keys()].slice(0, 5).map(showValue);
  return names.length === 0 ? 'an empty dict' : `a dict with ${names.join(', ')}${entries.size > 5 ? ', …' : ''}`;
}
