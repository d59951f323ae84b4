import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { entitlementsRules } from '../../../../src/entitlements/rules/registry.ts';
import { rulePage } from '../../../../src/entitlements/rules/page.ts';
import { ruleUrl } from '../../../../src/entitlements/rules/rule.ts';

const folder = new URL('../../../../docs/rules/', import.meta.url);

describe("the rules' pages", () => {
  for (const rule of entitlementsRules)
    it(`${rule.id} is in the repository and in step`, () => {
      const page = readFileSync(new URL(`${rule.id}.md`, folder), 'utf8');
      assert.equal(page, rulePage(rule), 'run node scripts/gen-rule-docs.mjs');
      for (const part of [rule.doc.what, rule.doc.why, rule.doc.fix, rule.doc.evidence]) assert.match(part, /\.$/);
    });

  it('are all of rules that exist, and diagnostics link to them', () => {
    const ids = new Set(entitlementsRules.map((rule) => rule.id));
    assert.equal(ids.size, entitlementsRules.length);
    for (const name of readdirSync(folder))
      if (name.startsWith('ENT')) assert.ok(ids.has(name.replace(/\.md$/, '')), name);
    for (const id of ids) assert.ok(existsSync(new URL(`${ruleUrl(id).split('/').at(-1)}`, folder)));
  });
});
