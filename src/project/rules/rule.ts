// What a project rule is. One file per rule, one line in the registry (registry.ts).
import type { Report, RuleInfo } from '../../entitlements/rules/rule.ts';
import type { ProjectContext } from './context.ts';

/** A finding before it gets the rule's id. */
export interface ProjectReport extends Report {
  readonly file: string;
}

export interface ProjectRule extends RuleInfo {
  check(context: ProjectContext): Iterable<ProjectReport>;
}
