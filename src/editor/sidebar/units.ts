// Ages as people read them in a narrow sidebar. Pure. Sizes and durations: src/flow/text.ts.
import type { Microseconds } from '../../flow/model.ts';

/** How long ago, or for how long so far, in steps so coarse that a quiet row's text seldom changes. */
export function ageText(age: Microseconds): string {
  const s = Math.max(0, age) / 1e6;
  if (s < 5) return '<5 s';
  if (s < 60) return `${s < 10 ? 5 : Math.floor(s / 10) * 10} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}
