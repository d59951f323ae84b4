// Lists of row ids.
import { IdSet } from './idSet.ts';
import type { FlowId } from './model.ts';

/** `ids` in the order in which `before` has them; those that it does not have come last. */
export function arranged(before: readonly FlowId[], ids: readonly FlowId[]): FlowId[] {
  const wanted = new IdSet(ids);
  const known = before.filter((id) => wanted.delete(id));
  return known.length === ids.length ? known : [...known, ...ids.filter((id) => wanted.has(id))];
}

/** Binary search in ascending ids; -1 where absent. */
export function search(ids: readonly FlowId[], id: FlowId): number {
  let low = 0;
  let high = ids.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const held = ids[middle]!;
    if (held === id) return middle;
    if (held < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
