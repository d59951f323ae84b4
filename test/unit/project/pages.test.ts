import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { rulePage } from '../../../src/entitlements/rules/page.ts';
import { ruleUrl } from '../../../src/entitlements/rules/rule.ts';
import { logRules } from '../../../src/project/logs/registry.ts';
import { projectRules } from '../../../src/project/rules/registry.ts';

const folder = new URL('../../../docs/rules/', import.meta.url);
const rules = [...projectRules, ...logRules];

describe("the project and log rules' pages", () => {
  for (const rule of rules)
    it(`${rule.id} is in the repository and in step`, () => {
      assert.equal(
        readFileSync(new URL(`${rule.id}.md`, folder), 'utf8'),
        rulePage(rule),
        'run node scripts/gen-rule-docs.mjs',
      );
      assert.ok(ruleUrl(rule.id).endsWith(`/${rule.id}.md`));
      for (const part of ['what', 'why', 'fix', 'evidence'] as const) assert.match(rule.doc[part], /[.?)]$/, part);
    });
  it('are of rules that exist', () => {
    const ids = new Set(rules.map((r) => r.id));
    assert.equal(ids.size, rules.length);
    for (const name of readdirSync(folder))
      if (/^(INF|X|SRC|LOG)\d/.test(name)) assert.ok(ids.has(name.replace('.md', '')), name);
  });
  it('are those of the reference: INF001 to 018, X001 to 025, SRC001 to 015, LOG001 to 031', () => {
    const numbers = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1).padStart(3, '0')}`);
    assert.deepEqual(
      rules.map((r) => r.id),
      [...numbers('INF', 18), ...numbers('X', 25), ...numbers('SRC', 15), ...numbers('LOG', 31)],
    );
  });
});
