// .flowtaprc: rules on, off or at another severity, and what the project knows that the files do not tell.
import type { Severity } from '../entitlements/finding.ts';
import type { RuleConfig } from '../entitlements/rules/rule.ts';
import { parseYamlProject } from '../plist/projectYaml.ts';
import { entriesOf, entry, stringsOf } from '../plist/value.ts';
import { settingText } from './levels.ts';

export const configFile = '.flowtaprc';

export interface ProjectConfig extends RuleConfig {
  /** Patterns of files that are not looked at. */
  readonly exclude: readonly string[];
  /** The last released version of each bundle id (INF013). */
  readonly released: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const severities: readonly string[] = ['error', 'warning', 'info', 'hint', 'off'];

/** JSON or YAML: {"rules": {"X004": "off"}, "allowedKeys": [], "released": {}, "exclude": []}. */
export function parseConfig(text: string | undefined): ProjectConfig {
  const problems: string[] = [];
  const rules = new Map<string, Severity | 'off'>();
  const { root, errors } =
    text === undefined || text.trim() === '' ? { root: undefined, errors: [] } : parseYamlProject(text);
  for (const { message } of errors) problems.push(`${configFile}: ${message}`);
  for (const { key, value } of entriesOf(entry(root, 'rules')?.value)) {
    // YAML 1.1 reads a bare off as false.
    const said = value?.kind === 'boolean' && !value.value ? 'off' : (settingText(value) ?? '');
    if (!/^[A-Z]{1,3}\d{3}$/.test(key)) problems.push(`${configFile}: “${key}” is no rule.`);
    else if (severities.includes(said)) rules.set(key, said as Severity | 'off');
    else problems.push(`${configFile}: ${key}: “${said}” is none of ${severities.join(', ')}.`);
  }
  const released = new Map(entriesOf(entry(root, 'released')?.value).map((e) => [e.key, settingText(e.value) ?? '']));
  return {
    severity: (id) => rules.get(id),
    allowedKeys: new Set(stringsOf(entry(root, 'allowedKeys')?.value).map((s) => s.value)),
    exclude: stringsOf(entry(root, 'exclude')?.value).map((s) => s.value),
    released,
    problems,
  };
}
