// The JSON of `flowtap lint`: a contract.
import type { Severity } from '../../entitlements/finding.ts';
import type { PlacedFinding } from './finding.ts';

export interface LintJson {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly message: string;
  readonly fixes: readonly { readonly title: string }[];
}

export const findingJson = ({ finding, file, start, end }: PlacedFinding): LintJson => ({
  rule: finding.rule,
  severity: finding.severity,
  file,
  line: start.line,
  column: start.column,
  endLine: end.line,
  endColumn: end.column,
  message: finding.message,
  fixes: finding.fixes.map(({ title }) => ({ title })),
});
