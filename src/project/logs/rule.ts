// What a log rule is: one kind of line, what it means, what to do next. One file per rule, one line in the registry.
import type { RuleInfo } from '../../entitlements/rules/rule.ts';

export interface LogMatch {
  readonly meaning: string;
  /** In the order in which they are worth trying. */
  readonly next: readonly string[];
  /** Rules whose finding in the open project explains the line; the first that is found counts. */
  readonly causes?: readonly string[];
  /** A name in the line (a service, a key, a bundle id); a finding that mentions it is preferred. */
  readonly subject?: string;
}

export interface LogRule extends RuleInfo {
  match(line: string): LogMatch | undefined;
}
