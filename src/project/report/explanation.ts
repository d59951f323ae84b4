// Explanations for people and as the JSON of `flowtap explain`, which is a contract.
import type { Explanation } from '../logs/explain.ts';
import type { LintJson } from './json.ts';

export interface ExplainJson {
  readonly rule: string;
  readonly line: number;
  readonly text: string;
  readonly meaning: string;
  readonly next: readonly string[];
  readonly finding?: LintJson;
}

export const explanationJson = (
  { rule, line, text, match }: Explanation,
  finding: LintJson | undefined,
): ExplainJson => ({
  rule: rule.id,
  line,
  text,
  meaning: match.meaning,
  next: match.next,
  ...(finding ? { finding } : {}),
});

/** Control characters of a hostile log must not reach a terminal. */
// oxlint-disable-next-line no-control-regex
const clean = (text: string): string => text.replace(/\t/g, ' ').replace(/[\x00-\x1f\x7f-\x9f]/g, '\ufffd');

export function explanationText({ rule, line, text, meaning, next, finding }: ExplainJson): string {
  const shown = clean(text.trim());
  const lines = [`${line}: ${shown.length > 200 ? `${shown.slice(0, 200)}…` : shown}`, `   ${rule}: ${clean(meaning)}`];
  if (finding)
    lines.push(
      `   In this project: ${clean(finding.file)}:${finding.line}:${finding.column}: ${finding.rule}: ${clean(finding.message)}`,
    );
  for (const [i, step] of next.entries()) lines.push(`   ${i + 1}. ${clean(step)}`);
  return `${lines.join('\n')}\n`;
}
