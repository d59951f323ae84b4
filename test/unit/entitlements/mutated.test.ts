// 10,000 damaged files: nothing throws, nothing hangs, every place lies within the text.
import assert from 'node:assert/strict';
import { checkContext } from '../../../src/entitlements/check.ts';
import { exampleContext, exampleFile } from '../../../src/entitlements/rules/example.ts';
import { entitlementsRules } from '../../../src/entitlements/rules/registry.ts';
import { parsePlist } from '../../../src/plist/plist.ts';
import { mutated, numbers } from '../../support/damaged-plists.ts';

const files = 10_000;
const sources = entitlementsRules.flatMap((rule) => [exampleFile(rule.doc.bad), exampleFile(rule.doc.good)]);
const encode = (text: string, how: number): Uint8Array =>
  how === 0
    ? new Uint8Array(Buffer.from(text, 'utf16le'))
    : new Uint8Array(Buffer.from(text, how === 1 ? 'latin1' : 'utf8'));

describe('damaged entitlements', () => {
  it(`${files} of them are checked without an exception, and say where what is wrong`, function () {
    this.timeout(60_000);
    const random = numbers(20_260_224);
    let broken = 0;
    for (let n = 0; n < files; n++) {
      const text = mutated(sources[n % sources.length]!, random);
      const document = parsePlist(n % 7 === 0 ? encode(text, random(3)) : text);
      const context = exampleContext(document.text, { processedBy: n % 2 ? 'xcode' : 'raw' });
      const findings = checkContext({ ...context, document });
      broken += document.errors.length > 0 ? 1 : 0;
      const { length } = document.text;
      for (const { range, fixes } of findings)
        for (const { start, end } of [range, ...fixes.flatMap((fix) => fix.edits)])
          assert.ok(start >= 0 && start <= end && end <= length, text);
      assert.ok(document.root !== undefined || findings.length > 0, text);
    }
    assert.ok(broken > files / 2);
  });
});
