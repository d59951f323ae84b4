// Quantities as people read them in a narrow sidebar. Pure.

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** 1 KB is 1000 bytes, as in `curl` and in transfer rates. Three significant figures at most. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = Math.max(0, bytes);
  // 999.5 would be printed as 1000 of the smaller unit.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export const formatRate = (bytesPerSecond: number): string => `${formatBytes(Math.round(bytesPerSecond))}/s`;

/** A measured duration, in microseconds. */
export function formatDuration(microseconds: number): string {
  const us = Math.max(0, microseconds);
  if (us < 1e3) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1e3).toFixed(us < 1e4 ? 1 : 0)} ms`;
  if (us < 60e6) return `${(us / 1e6).toFixed(us < 10e6 ? 1 : 0)} s`;
  return formatAge(us);
}

/** How long ago, or for how long so far, in steps so coarse that a quiet row's text seldom changes. */
export function formatAge(microseconds: number): string {
  const s = Math.max(0, microseconds) / 1e6;
  if (s < 5) return '<5 s';
  if (s < 60) return `${s < 10 ? 5 : Math.floor(s / 10) * 10} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}
