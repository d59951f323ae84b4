// Numbers of queries with their units.
import { message, type Message } from '../message.ts';
import type { FieldKind } from './fields.ts';

const byteUnits: Readonly<Record<string, number>> = {
  '': 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, t: 1e12, tb: 1e12,
  ki: 1024, kib: 1024, mi: 1024 ** 2, mib: 1024 ** 2, gi: 1024 ** 3, gib: 1024 ** 3,
}; // prettier-ignore
/** To microseconds. A bare number means milliseconds. */
const durationUnits: Readonly<Record<string, number>> = {
  '': 1e3,
  us: 1,
  µs: 1,
  ms: 1e3,
  s: 1e6,
  sec: 1e6,
  m: 60e6,
  min: 60e6,
  h: 3600e6,
  d: 86_400e6,
};
const plain: Readonly<Record<string, number>> = { '': 1, k: 1e3 };

/** In the field's unit, or undefined. `now` gives a bare time of day its date. */
export function parseNumber(text: string, kind: FieldKind, now: number): number | undefined {
  if (kind === 'time') return parseTime(text, now);
  const parts = /^(\d+(?:\.\d+)?|\.\d+)([a-zµ]*)$/i.exec(text);
  if (!parts) return undefined;
  const units = kind === 'bytes' ? byteUnits : kind === 'duration' ? durationUnits : plain;
  const unit = parts[2]!.toLowerCase();
  return Object.hasOwn(units, unit) ? Number(parts[1]) * units[unit]! : undefined;
}

/** Local time, in microseconds: 2026-01-31, 2026-01-31T12:00[:30[.5]] (with Z or an offset too), or 12:00[:30]. */
function parseTime(text: string, now: number): number | undefined {
  const clock = /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(text);
  const day = new Date(now / 1000);
  const date = `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`;
  const full = clock ? `${date}T${text.padStart(text.indexOf(':') === 1 ? text.length + 1 : 0, '0')}` : text;
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(full)) return undefined;
  const milliseconds = Date.parse(full.includes('T') ? full : `${full}T00:00`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds * 1000;
}
const pad = (n: number): string => String(n).padStart(2, '0');

export const unitHint: Readonly<Record<FieldKind, Message>> = {
  text: message('a text'),
  word: message('a word'),
  number: message('a number'),
  bytes: message('a size such as 500, 10k or 1.5MiB'),
  duration: message('a time such as 20ms, 1.5s or 2m'),
  time: message('a time such as 12:30 or 2026-01-31T12:30'),
};
