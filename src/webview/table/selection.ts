// Which flows are selected, by id, so that a selection survives rows that come, go and move.
import type { FlowId } from '../../flow/model.ts';

export interface Selection {
  readonly ids: ReadonlySet<FlowId>;
  /** Where the keyboard is. */
  readonly active: FlowId | undefined;
  /** Where a range began. */
  readonly anchor: FlowId | undefined;
}

export const noSelection: Selection = { ids: new Set(), active: undefined, anchor: undefined };
export const select = (id: FlowId): Selection => ({ ids: new Set([id]), active: id, anchor: id });

export function toggle({ ids }: Selection, id: FlowId): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, active: id, anchor: id };
}

/** `between`: the ids from the anchor to `id`, both included, in the order of the table. */
export const extend = (selection: Selection, id: FlowId, between: readonly FlowId[]): Selection => ({
  ids: new Set(between),
  active: id,
  anchor: selection.anchor ?? id,
});
