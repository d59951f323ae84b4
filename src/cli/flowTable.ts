// Flows for people: the same columns after a run and line by line while watching.
import { endpointText } from '../flow/address.ts';
import { isFailure, type Flow } from '../flow/model.ts';
import { bytesText, durationText } from '../flow/text.ts';
import { printable, tableText, type Column } from './columns.ts';

const columns: readonly Column[] = [
  { title: 'PROCESS', align: 'left', width: 16 },
  { title: 'PID', align: 'right', width: 7 },
  { title: 'PROTOCOL', align: 'left' },
  { title: 'DESTINATION', align: 'left', width: 32 },
  { title: 'UP', align: 'right', width: 7 },
  { title: 'DOWN', align: 'right', width: 7 },
  { title: 'DURATION', align: 'right', width: 10 },
  { title: 'STATE', align: 'left' },
];
const timed: readonly Column[] = [{ title: 'TIME', align: 'left', width: 12 }, ...columns];

/** "example.com:443", and the address where no name is known; "← peer" where the peer connected. */
export function destinationText(flow: Flow): string {
  if (flow.inbound) return `← ${endpointText(flow.source)}`;
  const { address, port } = flow.destination;
  return flow.host && flow.host !== address ? `${printable(flow.host)}:${port}` : endpointText(flow.destination);
}

function stateText(flow: Flow): string {
  const state = flow.state === 'open' ? 'open' : (flow.reason ?? 'closed');
  // What else there is to know of a failure, where it says more than the reason.
  return isFailure(flow.reason) && flow.errorText ? `${state} (${printable(flow.errorText)})` : state;
}

function cells(flow: Flow, now: number): string[] {
  return [
    printable(flow.process.name) || '?',
    flow.process.pid ? String(flow.process.pid) : '?',
    flow.protocol,
    destinationText(flow),
    bytesText(flow.bytesUp),
    bytesText(flow.bytesDown),
    durationText((flow.closedAt || now) - flow.openedAt),
    stateText(flow),
  ];
}

/** The whole table, for a run that is over. `now` in microseconds, for flows that are still open. */
export const flowTable = (flows: readonly Flow[], now: number): string =>
  tableText(
    columns.map(({ title, align }) => ({ title, align })),
    flows.map((flow) => cells(flow, now)),
  );

export const watchHeader = (): string => tableText(timed, []);

/** One line, when a flow began or ended. */
export function watchLine(flow: Flow, now: number): string {
  const at = new Date((flow.closedAt || flow.openedAt) / 1000);
  const time = `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  return tableText(timed, [[time, ...cells(flow, now)]], false);
}

/** "3 flows, 1 failed, 1.2 kB up, 34 kB down". */
export function sumText(count: number, failed: number, up: number, down: number): string {
  const parts = [`${count} ${count === 1 ? 'flow' : 'flows'}`];
  if (failed) parts.push(`${failed} failed`);
  if (count) parts.push(`${bytesText(up)} up`, `${bytesText(down)} down`);
  return parts.join(', ');
}
