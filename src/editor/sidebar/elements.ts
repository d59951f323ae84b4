// What the tree consists of. Pure.
import type { Flow, FlowId } from '../../flow/model.ts';
import type { Grouping } from './grouping.ts';
import type { RateMeter } from './rate.ts';

export interface FlowFilter {
  (flow: Flow): boolean;
  /** Goes down with the work done, see query/meter.ts. */
  readonly meter?: { left: number };
}

export interface FlowRow {
  readonly kind: 'flow';
  readonly group: Group;
  flow: Flow;
  /** Payload bytes per second, both directions; 0 while quiet. */
  readonly rate: RateMeter;
}

export interface Group {
  readonly kind: 'group';
  readonly key: string;
  readonly grouping: Grouping;
  readonly label: string;
  readonly rank: number;
  readonly rows: Map<FlowId, FlowRow>;
  /** The flow the group's name was taken from. */
  readonly sample: Flow;
  /** Only the first few groups open by themselves. */
  readonly expand: boolean;
  /** Made when first needed; the tree's view relies on its identity. */
  more?: More;
}

/** Stands for rows (in a group) or groups (at the root) beyond the limit. */
export interface More {
  readonly kind: 'more';
  readonly group: Group | undefined;
  hidden: number;
}

export type Element = FlowRow | Group | More;

export interface Totals {
  readonly open: number;
  readonly failed: number;
  readonly closed: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly rate: number;
  readonly pids: readonly number[];
}
