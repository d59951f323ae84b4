// What the model of the tree is given, and what it says. Pure.
import type { Flow, FlowId, Microseconds } from '../../flow/model.ts';
import type { FlowRow, Group } from './elements.ts';
import { groupings, type Grouping } from './grouping.ts';

export interface ModelOptions {
  readonly grouping: Grouping;
  /** How long a closed flow stays, in microseconds. */
  readonly keepClosed: number;
  readonly rowsPerGroup: number;
  readonly groups: number;
  /** Flows held in all; above it the oldest closed ones go, and then further ones are not listed. */
  readonly held: number;
}

/** What is needed of a store. */
export interface FlowSource {
  readonly flow: (id: FlowId) => Flow | undefined;
  /** At most so many: the open ones, then the newest of those that ended after `since`. */
  readonly recent: (limit: number, since: Microseconds) => readonly FlowId[];
}

/** What `settle` changed. */
export interface Redraw {
  /** Groups came or went. */
  readonly root: boolean;
  /** Groups whose list of rows changed. */
  readonly lists: ReadonlySet<Group>;
  /** Rows whose flow changed. */
  readonly rows: ReadonlySet<FlowRow>;
}

export const defaultOptions: ModelOptions = {
  grouping: groupings.process,
  keepClosed: 300e6,
  rowsPerGroup: 300,
  groups: 300,
  held: 10_000,
};

/** Made when first needed: loading the rules of collation takes milliseconds. */
let collator: Intl.Collator | undefined;
export function compareNames(a: string, b: string): number {
  collator ??= new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  return collator.compare(a, b);
}
