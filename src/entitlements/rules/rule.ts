// What a rule is. One file per rule, one line in the registry (registry.ts).
import type { PlistDocument } from '../../plist/value.ts';
import type { Finding, Fix, Severity, TextRange } from '../finding.ts';
import type { ProcessedBy, ProjectIndex, TargetRole } from '../project.ts';

/** On, off or at another severity: from settings and .flowtaprc. undefined keeps the rule's own. */
export interface RuleConfig {
  severity(ruleId: string): Severity | 'off' | undefined;
  /** Keys under com.apple.developer. that this project knows to be granted although the catalogue lacks them. */
  readonly allowedKeys?: ReadonlySet<string>;
}
export const defaultRuleConfig: RuleConfig = { severity: () => undefined };

export interface EntitlementsContext {
  readonly file: string;
  readonly text: string;
  readonly document: PlistDocument;
  /** Every use of the file by a target; empty where none is known. Rules about roles stay silent then. */
  readonly roles: readonly TargetRole[];
  readonly processedBy: ProcessedBy | undefined;
  /** See ProjectIndex.resolve; text without a variable is its own only outcome. */
  resolve(text: string): readonly string[] | undefined;
  readonly project: ProjectIndex | undefined;
  readonly config: RuleConfig;
}

/** A finding before it gets the rule's id and the file's name. */
export interface Report {
  readonly range: TextRange;
  readonly message: string;
  /** Where it differs from the rule's own. */
  readonly severity?: Severity;
  readonly fixes?: readonly Fix[];
  readonly related?: Finding['related'];
}

/** The rule's page in docs/rules, and the words of its tests. */
export interface RuleDoc {
  readonly what: string;
  readonly why: string;
  /** Where it is known from. */
  readonly evidence: string;
  /** What to do. */
  readonly fix: string;
  /** The inside of the root dictionary, or a whole file where it begins otherwise than with a key. */
  readonly bad: string;
  readonly good: string;
}

export interface RuleInfo {
  /** ENT007, INF004, X009, SRC001, LOG001: the page's name in docs/rules. */
  readonly id: string;
  /** Where it varies: the worst. */
  readonly severity: Severity;
  readonly title: string;
  readonly doc: RuleDoc;
}

/** The surroundings in which the examples of a rule's page are meant. */
export interface Given {
  /** As a phrase: `the file of a system extension`. */
  readonly text: string;
  readonly file?: string;
  readonly processedBy?: ProcessedBy;
  readonly roles?: readonly Partial<TargetRole>[];
}

export interface Rule extends RuleInfo {
  readonly given?: Given;
  check(context: EntitlementsContext): Iterable<Report>;
}

export const ruleUrl = (id: string): string => `https://github.com/flowtap/flowtap/blob/main/docs/rules/${id}.md`;
