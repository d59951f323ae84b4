// How far two words are apart, and the catalogue's key nearest to a word.
import { catalogueKeys } from '../catalogue/catalogue.ts';
import type { CatalogueKey } from '../catalogue/schema.ts';

/** Optimal string alignment distance, given up above `limit`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit || a.length > 200 || b.length > 200) return limit + 1;
  // Most of a key is common to both.
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let aEnd = a.length;
  let bEnd = b.length;
  while (aEnd > start && bEnd > start && a[aEnd - 1] === b[bEnd - 1]) [aEnd, bEnd] = [aEnd - 1, bEnd - 1];
  return aligned(a.slice(start, aEnd), b.slice(start, bEnd), limit);
}

function aligned(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
      if (cost < best) best = cost;
    }
    if (best > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return Math.min(previous[b.length]!, limit + 1);
}

/** Typing changes one key of a file; the others are asked for again and again. */
const answers = new Map<string, CatalogueKey | undefined>();
const kept = 2000;

/** The key at most `slips` single-letter mistakes from `word`. */
const slips = 2;
export function nearestKey(word: string): CatalogueKey | undefined {
  if (answers.has(word)) return answers.get(word);
  let best: CatalogueKey | undefined;
  let least = slips + 1;
  for (const row of catalogueKeys) {
    const d = distance(word, row.key, least - 1);
    if (d < least) [best, least] = [row, d];
  }
  if (answers.size >= kept) answers.clear();
  answers.set(word, best);
  return best;
}
