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

/** Of one rule in one file. A file with more mistakes of a kind is broken as a whole, or made to keep us busy. */
export const maxPerRule = 250;

export function checkContext(
  context: EntitlementsContext,
  rules: readonly Rule[] = entitlementsRules,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const rule of rules) {
    const set = context.config.severity(rule.id);
    if (set === 'off') continue;
    let count = 0;
    for (const report of rule.check(context)) {
      // Rules find one thing after the other: what is not asked for costs nothing.
      const last = ++count === maxPerRule;
      findings.push({
        rule: rule.id,
        severity: set ?? report.severity ?? rule.severity,
        file: context.file,
        range: report.range,
        message: last ? `${report.message} (The rest of ${rule.id} is not listed.)` : report.message,
        fixes: report.fixes ?? [],
        ...(report.related && { related: report.related }),
      });
      if (last) break;
    }
  }
  return findings.sort((a, b) => a.range.start - b.range.start || a.rule.localeCompare(b.rule));
}

export const checkEntitlements = (file: string, document: PlistDocument, options?: CheckOptions): readonly Finding[] =>
  checkContext(contextOf(file, document, options), options?.rules);
