/** The explorer in its panel: the page, connected to the editor. */
import '../shared/language';
import { connect } from '../shared/host';
import { createExplorerPage } from './page';

document.getElementById('root')?.append(...createExplorerPage(connect));
