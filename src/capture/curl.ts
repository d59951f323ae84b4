// A request as something to paste: a curl command, or a call of fetch.
import { utf8Text } from '../dissect/bytes.ts';
import type { HttpRequest } from '../dissect/dissection.ts';
import type { Flow } from '../flow/model.ts';
import { base64 } from './base64.ts';
import { urlOf } from './har.ts';

/** Headers that the tool sets by itself, and would contradict. */
const own = new Set([
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'accept-encoding',
  'keep-alive',
  'upgrade',
]);

/** Quoted for a POSIX shell: nothing in it is expanded. */
export const shellQuote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

const isUtf8 = (bytes: Uint8Array): boolean => !utf8Text(bytes).includes('\ufffd');

export function asCurl(flow: Flow, request: HttpRequest): string {
  const parts = ['curl', shellQuote(urlOf(flow, request))];
  if (request.method === 'HEAD') parts.push('--head');
  else if (request.method !== (request.body.length > 0 ? 'POST' : 'GET')) parts.push('-X', shellQuote(request.method));
  for (const [name, value] of request.headers) {
    if (own.has(name.toLowerCase())) continue;
    parts.push('-H', shellQuote(value === '' ? `${name};` : `${name}: ${value}`));
  }
  if (request.headers.some(([n]) => n.toLowerCase() === 'accept-encoding')) parts.push('--compressed');
  const { bytes, length, truncated } = request.body;
  if (length > 0 && isUtf8(bytes) && !bytes.includes(0)) parts.push('--data-raw', shellQuote(utf8Text(bytes)));
  else if (length > 0)
    return `printf %s ${shellQuote(base64(bytes))} | base64 -d | ${[...parts, '--data-binary', '@-'].join(' ')}`;
  return parts.join(' ') + (truncated ? ' # the body was cut by the capture' : '');
}

export function asFetch(flow: Flow, request: HttpRequest): string {
  const headers = Object.fromEntries(request.headers.filter(([n]) => !own.has(n.toLowerCase())));
  const { bytes, length, truncated } = request.body;
  const body = isUtf8(bytes)
    ? JSON.stringify(utf8Text(bytes))
    : `Uint8Array.from(atob(${JSON.stringify(base64(bytes))}), (c) => c.charCodeAt(0))`;
  const lines = [
    `  method: ${JSON.stringify(request.method)},`,
    `  headers: ${JSON.stringify(headers, undefined, 2).replaceAll('\n', '\n  ')},`,
  ];
  if (length > 0) lines.push(`  body: ${body},${truncated ? ' // cut by the capture' : ''}`);
  return `await fetch(${JSON.stringify(urlOf(flow, request))}, {\n${lines.join('\n')}\n});\n`;
}
