// What the page finds again after it was hidden, moved or reloaded.
import type { FlowId } from '../flow/model.ts';
import type { PanelPlace, PanelState } from '../protocol/panel.ts';
import type { Tab } from './detail/detail.ts';
import type { ColumnState } from './table/layout.ts';

export interface Saved {
  /** When it was saved, in milliseconds since 1970. */
  readonly at: number;
  readonly layout: readonly ColumnState[];
  readonly query: string;
  readonly sort: PanelState['sort'];
  readonly follow: boolean;
  readonly tab: Tab;
  /** The detail's share of the space. */
  readonly share: number;
  /** Of the timeline, in microseconds since 1970. */
  readonly zoom: { readonly from: number; readonly to: number };
  /** Whose ids the two below are. */
  readonly store: string;
  readonly selected: FlowId;
  readonly shown: FlowId;
}

/**
 * The live panel has one memory, wherever it is: the later of what VS Code kept for this page (`own`) and of what the host
 * remembered. The workbench writes the two down at different times, so after a reload either can be the older one. Of a
 * file each editor has its own memory, but columns are shared.
 */
export function restored(own: unknown, remembered: unknown, place: PanelPlace): Partial<Saved> {
  const object = (value: unknown): Partial<Saved> => (typeof value === 'object' && value !== null ? value : {});
  const [mine, theirs] = [object(own), object(remembered)];
  const [older, later] = place === 'file' || (mine.at ?? 0) > (theirs.at ?? 0) ? [theirs, mine] : [mine, theirs];
  return { ...(older.layout && { layout: older.layout }), ...later };
}
