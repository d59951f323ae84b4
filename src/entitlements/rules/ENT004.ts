import type { PlistValue } from '../../plist/value.ts';
import type { Plain } from '../../plist/xmlEdit.ts';
import { replaceValue } from '../../plist/xmlEdit.ts';
import { findKey, shapesOf } from '../catalogue/catalogue.ts';
import type { Report, Rule } from './rule.ts';
import { allValues, fix, meantKey, topEntries } from './support.ts';

function asAllowed(value: PlistValue, key: string | undefined, text: string): Plain {
  const shape = key === undefined ? undefined : shapesOf(findKey(key)!)[0];
  const written = text.slice(value.inner.start, value.inner.end).trim();
  if (shape === 'boolean') return value.kind !== 'real' || value.value !== 0;
  if (shape === 'string[]') return [];
  if (shape === 'dict[]') return [];
  if (shape === 'dict') return {};
  if (shape !== 'string' && value.kind === 'real' && Number.isSafeInteger(value.value)) return BigInt(value.value);
  return shape === 'integer' ? 0n : written;
}

export const ENT004: Rule = {
  id: 'ENT004',
  severity: 'error',
  title: 'A real number, date or data',
  doc: {
    what: 'A value is `<real>`, `<date>` or `<data>`.',
    why: 'Entitlements are signed a second time in DER, which has no form for these types: codesign fails.',
    evidence: 'Tests of apple-platform-rs, which encodes entitlements in DER.',
    fix: 'Use the type that the key asks for: `<integer>`, `<string>` or `<true/>`.',
    bad: '<key>com.apple.security.hardened-process</key>\n<true/>\n<key>com.apple.security.hardened-process.platform-restrictions</key>\n<real>2</real>',
    good: '<key>com.apple.security.hardened-process</key>\n<true/>\n<key>com.apple.security.hardened-process.platform-restrictions</key>\n<integer>2</integer>',
  },
  *check(c): Generator<Report> {
    const keyOf = new Map(topEntries(c).map((e) => [e.value, meantKey(e.key)]));
    for (const value of allValues(c.document.root)) {
      if (value.kind !== 'real' && value.kind !== 'date' && value.kind !== 'data') continue;
      const key = keyOf.get(value);
      const to = asAllowed(value, key !== undefined && findKey(key) ? key : undefined, c.text);
      yield {
        range: value.range,
        message: `<${value.kind}> cannot be signed as an entitlement.`,
        fixes: [fix(c, 'Change the type', [replaceValue(c.document, value, to)])],
      };
    }
  },
};
