// Runs the single-file rules over one document.
import type { PlistDocument } from '../plist/value.ts';
import type { Finding } from './finding.ts';
import type { ProjectIndex } from './project.ts';
import { entitlementsRules } from './rules/registry.ts';
import type { EntitlementsContext, Rule, RuleConfig } from './rules/rule.ts';
import { defaultRuleConfig } from './rules/rule.ts';

export interface CheckOptions {
  readonly project?: ProjectIndex | undefined;
  readonly config?: RuleConfig | undefined;
  readonly rules?: readonly Rule[];
}

export function contextOf(file: string, document: PlistDocument, options: CheckOptions = {}): EntitlementsContext {
  const { project, config = defaultRuleConfig } = options;
  return {
    file,
    text: document.text,
    document,
    roles: project?.roles(file) ?? [],
    processedBy: project?.processedBy(file),
    resolve: (text) => (/\$[({]/.test(text) ? project?.resolve(file, text) : [text]),
    project,
    config,
  };
}

export function checkContext(
  context: EntitlementsContext,
  rules: readonly Rule[] = entitlementsRules,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const rule of rules) {
    const set = context.config.severity(rule.id);
    if (set === 'off') continue;
    for (const report of rule.check(context))
      findings.push({
        rule: rule.id,
        severity: set ?? report.severity ?? rule.severity,
        file: context.file,
        range: report.range,
        message: report.message,
        fixes: report.fixes ?? [],
        ...(report.related && { related: report.related }),
      });
  }
  return findings.sort((a, b) => a.range.start - b.range.start || a.rule.localeCompare(b.rule));
}

export const checkEntitlements = (file: string, document: PlistDocument, options?: CheckOptions): readonly Finding[] =>
  checkContext(contextOf(file, document, options), options?.rules);
