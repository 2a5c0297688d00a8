/** The comparison in its panel: the page, connected to the editor. */
import '../shared/language';
import { connect } from '../shared/host';
import { createDiffPage } from './page';

document.getElementById('root')?.append(...createDiffPage(connect));
