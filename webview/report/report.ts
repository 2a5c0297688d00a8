/**
 * A report: the explorer, the comparison and the sweep of one checkpoint as one page that works offline in any browser.
 * Role: reads what lies in the file, and gives each page its host and its tab.
 */
import '../shared/language';
import { t } from '@vscode/l10n';
import '../shared/palette.css';
import '../shared/base.css';
import '../shared/standalone.css';
import './report.css';
import { translateRegistries } from '../../src/protocol/methodWords';
import { reportIds, type ReportContent, type ReportMade } from '../../src/protocol/report';
import { createDiffPage } from '../diff/page';
import { createExplorerPage } from '../explorer/page';
import { element } from '../shared/dom';
import { followColorScheme } from '../shared/standalone';
import { finishedSweep } from '../sweep/finished';
import { diffHost, explorerHost, type ShowPage } from './hosts';
import { canReadParts, readPart } from './parts';
import { Records } from './records';
import { quietHeader, reportHeader } from './reportHeader';
import { Tabs, type Page } from './tabs';

const root = document.getElementById('root');
followColorScheme();
if (canReadParts()) void open();
else
  tell(t('This browser is too old for the report: Chrome 111, Firefox 113, Safari 16.4 or a newer one can show it.'));

async function open(): Promise<void> {
  try {
    const content = (await readPart(reportIds.content)) as ReportContent;
    const made = JSON.parse(document.getElementById(reportIds.made)?.textContent ?? '') as ReportMade;
    const { original, converted } = content.explorer;
    if (original !== null) original.milliseconds = made.milliseconds.original;
    if (converted !== null) converted.milliseconds = made.milliseconds.converted;
    translate(content);
    show(content, made);
  } catch {
    tell(t('The file is damaged: its content cannot be read. Save the report again.'));
  }
}

/** What was saved from the editor is translated already; the command line speaks English. */
function translate({ explorer, diff }: ReportContent): void {
  explorer.registries = translateRegistries(explorer.registries, t);
  if (diff !== null) diff.registries = explorer.registries;
}

function show(content: ReportContent, made: ReportMade): void {
  const records = new Records(content, readPart);
  document.title = t('{0}: how its heads group', content.explorer.model.name);
  const { diff, sweep } = content;
  const showPage: ShowPage = (page) => tabs.show(page);
  const pages: Page[] = [
    {
      id: 'explorer',
      title: t('Explorer'),
      make: () => createExplorerPage(() => explorerHost(records, showPage), quietHeader),
    },
    ...(diff === null
      ? []
      : [
          {
            id: 'comparison',
            title: t('Comparison'),
            make: () => createDiffPage(() => diffHost(records, showPage), quietHeader),
          },
        ]),
    ...(sweep === null ? [] : [{ id: 'sweep', title: t('Sweep'), make: () => [finishedSweep(sweep)] }]),
  ];
  const tabs = new Tabs(t('Pages of the report'), pages);
  tabs.list.hidden = pages.length < 2;
  root?.append(reportHeader(content, made), element('nav', {}, tabs.list), ...tabs.panels);
  tabs.show('explorer');
}

function tell(problem: string): void {
  root?.append(element('main', {}, element('p', { class: 'banner error', role: 'alert' }, problem)));
}
