// The fields of queries: one row each. `kind` says which values and operators fit.
import { message, type Message } from '../message.ts';
import { isFailure, type Flow } from '../model.ts';

export type FieldKind = 'text' | 'word' | 'number' | 'bytes' | 'duration' | 'time';

export interface Field {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly kind: FieldKind;
  readonly about: Message;
  /** The values of a `word`, for completion and for errors. */
  readonly words?: readonly string[];
  /** Text fields: every text that may match. Undefined where the flow has none. */
  readonly texts?: (flow: Flow) => readonly (string | undefined)[];
  /** Number fields: NaN where the flow has none. Bytes in bytes, durations and times in microseconds. */
  readonly number?: (flow: Flow, now: number) => number;
}

const reasons = [
  'eof', 'reset by client', 'reset by server', 'refused', 'unreachable', 'timed out', 'idle', 'proxy stopped', 'rule',
  'limit', 'client gone', 'proxy error', 'lost', 'name not found',
]; // prettier-ignore

const table: readonly Field[] = [
  { name: 'process', kind: 'text', about: message('name of the process'), texts: (f) => [f.process.name] },
  { name: 'path', kind: 'text', about: message('path of the process'), texts: (f) => [f.process.path] },
  { name: 'command', kind: 'text', about: message('command line'), texts: (f) => [f.process.arguments.join(' ')] },
  { name: 'parent', kind: 'text', about: message('name of any parent process'), texts: (f) => f.process.ancestors.map((a) => a.name) },
  { name: 'pid', kind: 'number', about: message('process id'), number: (f) => f.process.pid },
  { name: 'host', kind: 'text', about: message('name the program asked for, or the address'), texts: (f) => [f.host || f.destination.address] },
  { name: 'address', aliases: ['destination'], kind: 'text', about: message('address of the other side'), texts: (f) => [f.destination.address] },
  { name: 'port', kind: 'number', about: message('port of the other side'), number: (f) => f.destination.port },
  { name: 'source', kind: 'text', about: message("the process's own address"), texts: (f) => [f.source.address] },
  { name: 'source.port', kind: 'number', about: message("the process's own port"), number: (f) => f.source.port },
  {
    name: 'protocol',
    kind: 'word',
    words: ['tcp', 'udp', 'tls', 'http', 'http2', 'grpc', 'websocket', 'dns', 'quic', 'ssh', 'socks5'],
    about: message('transport or application protocol'),
    texts: (f) => [f.protocol, f.application?.protocol],
  },
  { name: 'summary', kind: 'text', about: message('what was said, in a line'), texts: (f) => [f.application?.summary] },
  { name: 'method', kind: 'word', words: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT'], about: message('HTTP method'), texts: (f) => [f.application?.method] },
  { name: 'status', kind: 'number', about: message('HTTP status'), number: (f) => f.application?.status ?? NaN },
  { name: 'state', kind: 'word', words: ['open', 'closed', 'failed'], about: message('open, closed or failed'), texts: (f) => [f.state, isFailure(f.reason) || f.application?.failed ? 'failed' : undefined] },
  { name: 'reason', kind: 'word', words: reasons, about: message('why the flow ended'), texts: (f) => [f.reason] },
  { name: 'error', kind: 'text', about: message('error text of a flow that failed'), texts: (f) => [f.errorText || undefined] },
  { name: 'up', kind: 'bytes', about: message('bytes sent by the process'), number: (f) => f.bytesUp },
  { name: 'down', kind: 'bytes', about: message('bytes sent to the process'), number: (f) => f.bytesDown },
  { name: 'bytes', kind: 'bytes', about: message('bytes both ways'), number: (f) => f.bytesUp + f.bytesDown },
  { name: 'duration', kind: 'duration', about: message('from start to end, or to now'), number: (f, now) => (f.closedAt || now) - f.openedAt },
  { name: 'dial', kind: 'duration', about: message('from start until the other side answered'), number: (f) => (f.connectedAt ? f.connectedAt - f.openedAt : NaN) },
  { name: 'age', kind: 'duration', about: message('time since the start'), number: (f, now) => now - f.openedAt },
  { name: 'start', kind: 'time', about: message('when it began, as 2026-01-31T12:00 or 12:00'), number: (f) => f.openedAt },
  { name: 'direction', kind: 'word', words: ['outbound', 'inbound'], about: message('who called'), texts: (f) => [f.inbound ? 'inbound' : 'outbound'] },
  { name: 'capture', kind: 'text', about: message('the captured command'), texts: (f) => [f.capture] },
  { name: 'rule', kind: 'text', about: message('the rule that was applied'), texts: (f) => [f.rule || undefined] },
]; // prettier-ignore

export const fields: readonly Field[] = table;
const byName = new Map(table.flatMap((f) => [f.name, ...(f.aliases ?? [])].map((n) => [n, f] as const)));
export const fieldOf = (name: string): Field | undefined => byName.get(name.toLowerCase());

/** What a bare word is looked for in. */
export const freeText: Field = {
  name: 'text',
  kind: 'text',
  about: message('process, host, address, port, summary, reason or error'),
  texts: (f) => [
    f.process.name,
    f.host,
    f.destination.address,
    String(f.destination.port),
    f.application?.summary,
    f.reason,
    f.errorText,
  ],
};
