/** The frame of a figure, where the explorer's figures look for it. */
export { panel, part } from '../shared/panel';
