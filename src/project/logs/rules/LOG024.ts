import type { LogMatch, LogRule } from '../rule.ts';

const codes: ReadonlyMap<number, LogMatch> = new Map<number, LogMatch>([
  [
    1,
    {
      meaning: 'The flow is not open.',
      next: ['Wait for the completion of open before reading and writing.'],
      causes: [],
    },
  ],
  [
    2,
    {
      meaning: 'The program closed or reset its side.',
      next: ['Close the other side; nothing is lost by you.'],
      causes: [],
    },
  ],
  [
    3,
    {
      meaning: 'The host cannot be reached.',
      next: ['Report it to the flow when closing; the program sees it.'],
      causes: [],
    },
  ],
  [
    4,
    {
      meaning: 'An argument is not valid.',
      next: ['Check what was written: no empty datagram list, endpoints and datagrams in equal number.'],
      causes: [],
    },
  ],
  [5, { meaning: 'The flow was aborted.', next: ['Release what belongs to the flow.'], causes: [] }],
  [
    6,
    {
      meaning: 'The connection was refused.',
      next: ['Close the flow with this error, so that the program sees a refusal.'],
      causes: [],
    },
  ],
  [7, { meaning: 'The connection timed out.', next: ['Close the flow with this error.'], causes: [] }],
  [
    8,
    { meaning: 'An internal error.', next: ['Close the flow; look for other lines of the same second.'], causes: [] },
  ],
  [
    9,
    {
      meaning: 'A datagram is larger than the flow takes.',
      next: ['Split nothing: drop it, and count it.'],
      causes: [],
    },
  ],
  [
    10,
    {
      meaning: 'A read is already pending on this flow.',
      next: ['Start the next read in the completion handler of the one before (SRC015).'],
      causes: ['SRC015'],
    },
  ],
]);

const line = /(?:NEAppProxyErrorDomain|NEAppProxyFlowErrorDomain)\w*[^\n]{0,40}?(?:Code=|[Cc]ode[: ]+|error )(\d+)\b/;

export const LOG024: LogRule = {
  id: 'LOG024',
  severity: 'error',
  title: 'An error of a flow',
  doc: {
    what: 'An error of NEAppProxyErrorDomain by its number.',
    why: '1: The flow is not open. 2: The program closed or reset its side. 3: The host cannot be reached. 4: An argument is not valid. 5: The flow was aborted. 6: The connection was refused. 7: The connection timed out. 8: An internal error. 9: A datagram is larger than the flow takes. 10: A read is already pending on this flow.',
    evidence: "The SDK's headers.",
    fix: '1: Wait for the completion of open before reading and writing. 2: Close the other side; nothing is lost by you. 3: Report it to the flow when closing; the program sees it. 4: Check what was written: no empty datagram list, endpoints and datagrams in equal number. 5: Release what belongs to the flow. 6: Close the flow with this error, so that the program sees a refusal. 7: Close the flow with this error. 8: Close the flow; look for other lines of the same second. 9: Split nothing: drop it, and count it. 10: Start the next read in the completion handler of the one before (SRC015).',
    bad: 'Error Domain=NEAppProxyErrorDomain Code=10 "The read operation is already pending"',
    good: 'no such line',
  },
  match(text) {
    const code = line.exec(text)?.[1];
    return code === undefined ? undefined : codes.get(Number(code));
  },
};
