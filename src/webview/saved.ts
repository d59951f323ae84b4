// What the page finds again after it was hidden, moved or reloaded.
import type { FlowId } from '../flow/model.ts';
import type { PanelPlace, PanelState } from '../protocol/panel.ts';
import type { Tab } from './detail/detail.ts';
import type { ColumnState } from './table/layout.ts';

export interface Saved {
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

/** The live panel has one memory, wherever it is; of a file each editor has its own, but columns are shared. */
export function restored(own: unknown, remembered: unknown, place: PanelPlace): Partial<Saved> {
  const object = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
  return place === 'file' ? { ...object(remembered), ...object(own) } : { ...object(own), ...object(remembered) };
}
