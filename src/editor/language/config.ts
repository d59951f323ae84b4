// The settings flowtap.lint.*, laid over the project's .flowtaprc.
import * as vscode from 'vscode';
import type { Severity } from '../../entitlements/finding.ts';
import type { RuleConfig } from '../../entitlements/rules/rule.ts';
import type { ProjectConfig } from '../../project/config.ts';
import { settings } from '../../protocol/ids.ts';

export interface LintSettings extends RuleConfig {
  readonly enabled: boolean;
  readonly allowedKeys: ReadonlySet<string>;
}

const severities: readonly unknown[] = ['error', 'warning', 'info', 'hint', 'off'];

export function lintSettings(scope?: vscode.ConfigurationScope): LintSettings {
  const configuration = vscode.workspace.getConfiguration(undefined, scope ?? null);
  // A settings file may hold anything.
  const rules = configuration.get<unknown>(settings.lintRules);
  const said = new Map(rules && typeof rules === 'object' ? Object.entries(rules) : []);
  const keys = configuration.get<unknown>(settings.lintAllowedKeys);
  return {
    enabled: configuration.get<unknown>(settings.lintEnable) !== false,
    severity(id) {
      const severity: unknown = said.get(id);
      return severities.includes(severity) ? (severity as Severity | 'off') : undefined;
    },
    allowedKeys: new Set(Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : []),
  };
}

/** What the person set goes before what the project says. */
export const withSettings = (config: ProjectConfig, own: LintSettings): ProjectConfig => ({
  ...config,
  severity: (id) => own.severity(id) ?? config.severity(id),
  allowedKeys: new Set([...(config.allowedKeys ?? []), ...own.allowedKeys]),
});
