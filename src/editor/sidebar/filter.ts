// The sidebar's filter: words that must all occur, `key:value` for one property. Pure.
import type { Flow } from '../../flow/model.ts';
import { stateOf } from './grouping.ts';
import { peerOf, programName } from './text.ts';

export type FlowFilter = (flow: Flow) => boolean;

const plain = (message: string, ...args: (string | number)[]): string =>
  message.replace(/\{(\d)\}/g, (_, i: string) => String(args[Number(i)] ?? ''));

const properties: Readonly<Record<string, (flow: Flow) => readonly string[]>> = {
  process: (f) => [f.process.name, f.process.path, programName(f, plain)],
  host: (f) => [f.host, peerOf(f).address],
  address: (f) => [f.source.address, f.destination.address],
  state: (f) => [stateOf(f), f.state, f.reason ?? ''],
  protocol: (f) => [f.protocol, f.application?.protocol ?? ''],
};

// Numbers are compared whole: port:80 is not 8080.
const numbers: Readonly<Record<string, (flow: Flow) => readonly number[]>> = {
  pid: (f) => [f.process.pid],
  port: (f) => [peerOf(f).port, f.destination.port],
};

function compileWord(word: string): FlowFilter {
  const [, key = '', value = ''] = /^([a-z]+):(.*)$/.exec(word) ?? [];
  const number = numbers[key];
  if (number && /^\d+$/.test(value)) return (flow) => number(flow).includes(Number(value));
  const property = properties[key];
  if (property && value) return (flow) => property(flow).some((text) => text.toLowerCase().includes(value));
  return (flow) =>
    Object.values(properties).some((of) => of(flow).some((text) => text.toLowerCase().includes(word))) ||
    Object.values(numbers).some((of) => of(flow).some((n) => String(n) === word)) ||
    `${flow.host || flow.destination.address}:${flow.destination.port}`.toLowerCase().includes(word);
}

/** Undefined where the text asks for nothing. "Quotes" keep a word with spaces together. */
export function compileFilter(text: string): FlowFilter | undefined {
  const words = text.toLowerCase().match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  const tests = words
    .map((w) => w.replaceAll('"', ''))
    .filter(Boolean)
    .map(compileWord);
  return tests.length ? (flow) => tests.every((test) => test(flow)) : undefined;
}

/** The word that asks for exactly this value. */
export const filterWord = (key: string, value: string | number): string => {
  const text = String(value).replaceAll('"', '');
  return /\s/.test(text) ? `${key}:"${text}"` : `${key}:${text}`;
};
