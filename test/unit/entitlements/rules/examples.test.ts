import assert from 'node:assert/strict';
import type { Finding } from '../../../../src/entitlements/finding.ts';
import { checkContext } from '../../../../src/entitlements/check.ts';
import { exampleContext, exampleFile } from '../../../../src/entitlements/rules/example.ts';
import { entitlementsRules } from '../../../../src/entitlements/rules/registry.ts';
import type { Given } from '../../../../src/entitlements/rules/rule.ts';
import { parseXmlPlist } from '../../../../src/plist/xml.ts';
import { applyEdits } from '../../../../src/plist/xmlEdit.ts';

const check = (text: string, given: Given | undefined): readonly Finding[] => checkContext(exampleContext(text, given));
const said = (findings: readonly Finding[]): string[] => findings.map((f) => `${f.rule} ${f.message}`);

describe('each rule', () => {
  for (const rule of entitlementsRules) {
    describe(rule.id, () => {
      const bad = exampleFile(rule.doc.bad);
      const good = exampleFile(rule.doc.good);

      it('finds its bad example, in the severity it states', () => {
        const own = check(bad, rule.given).filter((f) => f.rule === rule.id);
        assert.ok(own.length > 0, `silent on ${bad}`);
        assert.ok(own.some((f) => f.severity === rule.severity));
        for (const { range, message } of own) {
          assert.ok(range.start >= 0 && range.end <= bad.length && range.start <= range.end);
          assert.ok(message.length > 10);
        }
      });

      it('has nothing to say of its good example, nor has any other', () => {
        assert.deepEqual(said(check(good, rule.given)), []);
      });

      it('mends it: the finding goes, no other comes, the file stays well-formed', () => {
        const before = check(bad, rule.given);
        for (const finding of before.filter((f) => f.rule === rule.id))
          for (const fix of finding.fixes) {
            const text = applyEdits(bad, fix.edits);
            assert.notEqual(text, bad, fix.title);
            const after = check(text, rule.given);
            assert.deepEqual(parseXmlPlist(text).errors, [], `${fix.title}\n${text}`);
            assert.ok(
              after.filter((f) => f.rule === rule.id).length < before.filter((f) => f.rule === rule.id).length,
              `${fix.title} left it\n${text}`,
            );
            const known = new Set(before.map((f) => f.rule));
            assert.deepEqual(said(after.filter((f) => !known.has(f.rule))), [], `${fix.title}\n${text}`);
          }
      });
    });
  }
});
