// All rules over one project.
import { checkEntitlements } from '../entitlements/check.ts';
import type { Finding } from '../entitlements/finding.ts';
import { configFile, parseConfig } from './config.ts';
import type { ProjectConfig } from './config.ts';
import { entitlementsFiles } from './entitlementsFiles.ts';
import { matches } from './glob.ts';
import { ModelIndex } from './projectIndex.ts';
import { ProjectContext } from './rules/context.ts';
import type { ProjectRule } from './rules/rule.ts';
import { projectRules } from './rules/registry.ts';
import type { Workspace } from './workspace.ts';

export interface LintOptions {
  /** In place of the project's .flowtaprc. */
  readonly config?: ProjectConfig;
  readonly rules?: readonly ProjectRule[];
  readonly now?: Date;
  /** Files that the user named: entitlements by what they hold, whatever they are called. */
  readonly named?: readonly string[];
}

export interface LintResult {
  readonly findings: readonly Finding[];
  /** What is wrong with the project's own description, and with .flowtaprc. */
  readonly problems: readonly string[];
}

export function lintProject(workspace: Workspace, options: LintOptions = {}): LintResult {
  const { model, cache } = workspace;
  const config = options.config ?? parseConfig(cache.text(configFile));
  const context = new ProjectContext(model, config, {
    released: config.released,
    ...(options.now ? { now: options.now } : {}),
  });
  const findings: Finding[] = [];
  const index = new ModelIndex(model);
  for (const file of entitlementsFiles(model, options.named)) {
    const document = cache.plist(file);
    if (document) findings.push(...checkEntitlements(file, document, { project: index, config }));
  }
  for (const rule of options.rules ?? projectRules) findings.push(...runRule(rule, context));
  return {
    findings: findings
      .filter((f) => !config.exclude.some((pattern) => matches(pattern, f.file)) && !isSuppressed(workspace, f))
      .sort(byPlace),
    problems: [...config.problems, ...model.problems.map((p) => `${p.file}: ${p.message}`)],
  };
}

/** The same finding of several configurations is one. */
function runRule(rule: ProjectRule, context: ProjectContext): readonly Finding[] {
  const set = context.config.severity(rule.id);
  if (set === 'off') return [];
  const found = new Map<string, Finding>();
  for (const { file, range, message, severity, fixes, related } of rule.check(context)) {
    const key = `${file}:${range.start}:${range.end}:${message}`;
    if (found.has(key)) continue;
    found.set(key, {
      rule: rule.id,
      severity: set ?? severity ?? rule.severity,
      file,
      range: { start: range.start, end: range.end },
      message,
      fixes: fixes ?? [],
      ...(related ? { related } : {}),
    });
  }
  return [...found.values()];
}

const byPlace = (a: Finding, b: Finding): number =>
  a.file < b.file ? -1 : a.file > b.file ? 1 : a.range.start - b.range.start || a.rule.localeCompare(b.rule);

function isSuppressed({ cache }: Workspace, finding: Finding): boolean {
  const suppressions = cache.source(finding.file)?.suppressions ?? [];
  if (suppressions.length === 0) return false;
  const line = (cache.text(finding.file)?.slice(0, finding.range.start).split('\n').length ?? 1) - 1;
  return suppressions.some((s) => (s.rule === '*' || s.rule === finding.rule) && (s.line === -1 || s.line === line));
}
