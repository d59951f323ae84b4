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
  /** Takes of the width that is left over. */
  readonly grows?: boolean;
  /** A symbol may stand before the text. */
  readonly marked?: boolean;
  /** What people look at second: paler. */
  readonly secondary?: boolean;
  /** Absent where the column cannot be sorted by. */
  readonly sort?: SortColumn;
  readonly text: (row: PanelRow, now: number) => string;
  /** Shown at first? */
  readonly hidden?: boolean;
}

/** Why it ended, and of a capture what did not come as it should. */
function reasonText({ reason, segments }: PanelRow): string {
  if (!segments) return reason;
  const { retransmitted, reordered, overlapping, lost } = segments;
  const marks = [
    lost > 0 ? t('{0} lost', bytesText(lost)) : '',
    retransmitted > 0 ? t('{0} retransmitted', retransmitted) : '',
    reordered > 0 ? t('{0} out of order', reordered) : '',
    overlapping > 0 ? t('{0} overlapping', overlapping) : '',
  ];
  return [reason, ...marks].filter(Boolean).join(' · ');
}

const since = (row: PanelRow, now: number): number => (row.closedAt || now) - row.openedAt;

export const columns: readonly Column[] = [
  {
    id: 'process',
    title: t('Process'),
    width: 92,
    sort: 'process',
    text: (r) => r.process || (r.pid ? String(r.pid) : ''),
  },
  {
    id: 'pid',
    secondary: true,
    title: t('PID'),
    width: 56,
    numeric: true,
    text: (r) => (r.pid ? String(r.pid) : ''),
    hidden: true,
  },
  { id: 'host', title: t('Host'), width: 120, sort: 'host', text: (r) => r.host },
  {
    id: 'port',
    secondary: true,
    title: t('Port'),
    width: 58,
    numeric: true,
    sort: 'port',
    text: (r) => String(r.port),
  },
  { id: 'protocol', secondary: true, title: t('Protocol'), width: 84, sort: 'protocol', text: (r) => r.protocol },
  { id: 'summary', grows: true, title: t('Summary'), width: 156, sort: 'summary', text: (r) => r.summary },
  { id: 'state', title: t('State'), width: 78, marked: true, sort: 'state', text: (r) => r.state },
  { id: 'reason', secondary: true, title: t('Reason'), width: 74, marked: true, sort: 'reason', text: reasonText },
  { id: 'up', title: t('Up'), width: 60, numeric: true, sort: 'up', text: (r) => bytesText(r.up) },
  { id: 'down', title: t('Down'), width: 60, numeric: true, sort: 'down', text: (r) => bytesText(r.down) },
  {
    id: 'duration',
    secondary: true,
    title: t('Duration'),
    width: 82,
    numeric: true,
    sort: 'duration',
    text: (r, now) => durationText(since(r, now)),
  },
  { id: 'start', secondary: true, title: t('Start'), width: 102, sort: 'start', text: (r) => clockText(r.openedAt) },
  { id: 'timeline', grows: true, title: t('Timeline'), width: 56, text: () => '' },
];
