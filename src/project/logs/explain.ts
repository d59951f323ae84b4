// Log lines -> what they mean, with the finding of the open project that explains them.
import type { Finding } from '../../entitlements/finding.ts';
import { logRules } from './registry.ts';
import type { LogMatch, LogRule } from './rule.ts';

export interface Explanation {
  readonly rule: LogRule;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly match: LogMatch;
  readonly finding?: Finding;
}

/** Longer lines are cut for matching: every pattern finds what it looks for long before. */
const maxLine = 8192;
/** More lines than a person reads; the rest of a huge log is left. */
const maxLines = 1_000_000;

/** Lines that mean nothing give nothing; one that several rules know gives each. */
export function explain(
  text: string,
  findings: readonly Finding[] = [],
  rules: readonly LogRule[] = logRules,
): readonly Explanation[] {
  const found: Explanation[] = [];
  let start = 0;
  for (let line = 1; start <= text.length && line <= maxLines; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const said = text.slice(start, Math.min(end, start + maxLine)).replace(/\r$/, '');
    if (said.trim() !== '')
      for (const rule of rules) {
        const match = rule.match(said);
        if (!match) continue;
        const finding = causeOf(match, findings);
        found.push({ rule, line, text: said, match, ...(finding ? { finding } : {}) });
      }
    start = end + 1;
  }
  return found;
}

/** By the order of the causes; among the findings of one rule the one that mentions the name. */
function causeOf({ causes = [], subject }: LogMatch, findings: readonly Finding[]): Finding | undefined {
  for (const rule of causes) {
    const of = findings.filter((f) => f.rule === rule);
    const named = subject === undefined ? undefined : of.find((f) => f.message.includes(subject));
    if (named ?? of[0]) return named ?? of[0];
  }
  return undefined;
}
