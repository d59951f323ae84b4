// The table's columns, one row each.
import type { PanelRow } from '../../protocol/panel.ts';
import type { SortColumn } from '../../flow/sort.ts';
import { t } from '../strings.ts';
import { bytesText, clockText, durationText } from '../../flow/text.ts';

export interface Column {
  readonly id: string;
  readonly title: string;
  readonly width: number;
  /** Numbers stand on the right. */
  readonly numeric?: boolean;
  /** What people look at second: paler. */
  readonly secondary?: boolean;
  /** Absent where the column cannot be sorted by. */
  readonly sort?: SortColumn;
  readonly text: (row: PanelRow, now: number) => string;
  /** Shown at first? */
  readonly hidden?: boolean;
}

const since = (row: PanelRow, now: number): number => (row.closedAt || now) - row.openedAt;

export const columns: readonly Column[] = [
  {
    id: 'process',
    title: t('Process'),
    width: 120,
    sort: 'process',
    text: (r) => r.process || (r.pid ? String(r.pid) : ''),
  },
  {
    id: 'pid',
    secondary: true,
    title: t('PID'),
    width: 64,
    numeric: true,
    text: (r) => (r.pid ? String(r.pid) : ''),
    hidden: true,
  },
  { id: 'host', title: t('Host'), width: 200, sort: 'host', text: (r) => r.host },
  {
    id: 'port',
    secondary: true,
    title: t('Port'),
    width: 56,
    numeric: true,
    sort: 'port',
    text: (r) => String(r.port),
  },
  { id: 'protocol', secondary: true, title: t('Protocol'), width: 80, sort: 'protocol', text: (r) => r.protocol },
  { id: 'summary', title: t('Summary'), width: 260, sort: 'summary', text: (r) => r.summary },
  { id: 'state', title: t('State'), width: 64, sort: 'state', text: (r) => r.state },
  { id: 'reason', secondary: true, title: t('Reason'), width: 110, sort: 'reason', text: (r) => r.reason },
  { id: 'up', title: t('Up'), width: 72, numeric: true, sort: 'up', text: (r) => bytesText(r.up) },
  { id: 'down', title: t('Down'), width: 72, numeric: true, sort: 'down', text: (r) => bytesText(r.down) },
  {
    id: 'duration',
    secondary: true,
    title: t('Duration'),
    width: 78,
    numeric: true,
    sort: 'duration',
    text: (r, now) => durationText(since(r, now)),
  },
  { id: 'start', secondary: true, title: t('Start'), width: 96, sort: 'start', text: (r) => clockText(r.openedAt) },
  { id: 'timeline', title: t('Timeline'), width: 140, text: () => '' },
];
