/**
 * The cells of the table of tensors: of its head, of a layer's heading, of a tensor.
 * Role: elements with their words and ARIA roles. Which of them exist, and the keyboard, is table.ts.
 */
import { t } from '@vscode/l10n';
import type { StructureColumn } from '../../src/protocol/structureView';
import { plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import { formatBytes } from '../shared/format';
import { formatInteger } from '../../src/protocol/numbers';
import type { TensorGroup, TensorList } from './tensorList';
import { shapeText } from './words';

const titles: Record<StructureColumn, string> = {
  name: t('Name'),
  dtype: t('Type'),
  shape: t('Shape'),
  bytes: t('Size'),
  role: t('Role'),
};
const hints: Record<StructureColumn, string> = {
  name: t('In the order of layers'),
  dtype: t('Type of the stored elements'),
  shape: t('By number of elements'),
  bytes: t('Bytes in the file; layers by their sum'),
  role: t('What the model reads from it'),
};

/** A column's heading. @param sort the table is to be sorted by it */
export function columnHeading(column: StructureColumn, sort: () => void): HTMLElement {
  const button = plainButton(
    titles[column],
    { class: 'link', title: hints[column], 'data-testid': `sort-${column}`, tabindex: '-1' },
    sort,
  );
  return element('div', { class: `cell ${column}`, role: 'columnheader' }, button);
}

/** The heading of a layer's tensors. */
export function groupRow({ name, tensors, bytes, isFolded }: TensorGroup): HTMLElement {
  return element(
    'div',
    {
      class: 'tensor-row group',
      'aria-level': 1,
      'aria-expanded': String(!isFolded),
      'data-testid': 'tensor-group',
      'data-name': name,
    },
    element(
      'div',
      { class: 'cell name', role: 'gridcell' },
      element('span', { class: 'twistie', 'aria-hidden': 'true' }, isFolded ? '▸' : '▾'),
      name,
    ),
    element(
      'div',
      { class: 'cell count muted', role: 'gridcell', 'aria-colspan': 2 },
      t('{0} tensors', formatInteger(tensors)),
    ),
    element('div', { class: 'cell bytes muted', role: 'gridcell' }, formatBytes(bytes)),
    element('div', { class: 'cell role', role: 'gridcell' }),
  );
}

/** @param selected name of the chosen tensor @param isGrouped tensors of layers are under a heading */
export function tensorRow(list: TensorList, tensor: number, selected: string, isGrouped: boolean): HTMLElement {
  const name = list.names[tensor] ?? '';
  const { dtype, shape, role, bytes } = list.kind(tensor);
  const group = isGrouped ? list.groupOf(tensor) : null;
  // Under a heading its part of the name is said already; the whole is in the tool tip and what copying takes.
  const shown =
    group === null ? [name] : [element('span', { class: 'prefix muted' }, `${group}.`), name.slice(group.length + 1)];
  return element(
    'div',
    {
      ...{ class: `tensor-row${group === null ? '' : ' member'}`, 'data-testid': 'tensor', 'data-name': name },
      ...{ 'aria-level': group === null ? 1 : 2, 'aria-selected': String(name === selected) },
    },
    element('div', { class: 'cell name', role: 'gridcell', title: name }, element('span', {}, ...shown)),
    element('div', { class: 'cell dtype', role: 'gridcell' }, dtype),
    element('div', { class: 'cell shape', role: 'gridcell' }, shapeText(shape)),
    element(
      'div',
      { class: 'cell bytes', role: 'gridcell', title: t('{0} bytes', formatInteger(bytes)) },
      formatBytes(bytes),
    ),
    element('div', { class: 'cell role', role: 'gridcell', title: role }, role),
  );
}
