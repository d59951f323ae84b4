// Numbers as people read them. Views in other languages pass their own formats; the command line is English.
import type { FlowLost, Microseconds } from './model.ts';

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** "0 B", "999 B", "1.2 kB", "34 MB": three digits at most, powers of 1,000. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would be shown as 1000.
  while (unit < units.length - 1 && value >= (unit === 0 ? 1000 : 999.5)) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export const rateText = (bytesPerSecond: number): string => `${bytesText(bytesPerSecond)}/s`;

/** "↑ 3 (1.2 kB) ↓ 0 (0 B)". */
export const lostText = (lost: FlowLost): string =>
  `↑ ${lost.datagramsUp} (${bytesText(lost.bytesUp)}) ↓ ${lost.datagramsDown} (${bytesText(lost.bytesDown)})`;

/** "42 µs", "0.4 ms", "12 ms", "3.4 s", "2 min 05 s", "1 h 02 min", "3 d 04 h". */
export function durationText(microseconds: Microseconds): string {
  const ms = Math.max(0, microseconds) / 1000;
  if (ms > 0 && ms < 0.0995) return `${Math.max(1, ms * 1000).toFixed(0)} µs`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  const min = Math.floor(s / 60);
  if (min < 1440) return `${Math.floor(min / 60)} h ${two(min % 60)} min`;
  const h = Math.floor(min / 60);
  return `${Math.floor(h / 24)} d ${two(h % 24)} h`;
}

const two = (n: number): string => String(n).padStart(2, '0');

const lastSecond = 253402300799; // 9999-12-31T23:59:59Z, the last that ISO 8601 writes with four digits

/** ISO 8601 in UTC with microseconds: "2025-11-23T20:48:01.123456Z". */
export function timeText(at: Microseconds): string {
  const seconds = Math.min(Math.floor(at / 1e6), lastSecond);
  const micros = at < (lastSecond + 1) * 1e6 ? Math.floor(at - seconds * 1e6) : 999_999;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

/** The local time of day with milliseconds: "12:30:05.123". */
export function clockText(at: Microseconds): string {
  const d = new Date(at / 1000);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`;
}
