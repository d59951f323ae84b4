import type { PlistValue } from '../../plist/value.ts';
import type { Plain } from '../../plist/xmlEdit.ts';
import { replaceValue } from '../../plist/xmlEdit.ts';
import { findKey, shapesOf } from '../catalogue/catalogue.ts';
import type { ValueShape } from '../catalogue/schema.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { allValues, fix, meantKey, switchMeaning, topEntries } from './support.ts';

/** What each value of the first two levels should be. */
function wantedShapes(c: EntitlementsContext): Map<PlistValue, ValueShape> {
  const shapes = new Map<PlistValue, ValueShape>();
  for (const { key, value } of topEntries(c)) {
    const row = findKey(meantKey(key));
    if (!row || !value) continue;
    const shape = shapesOf(row)[0]!;
    shapes.set(value, row.values && shape === 'string' ? 'any' : shape);
    // A name or a path cannot be made of a number: 'any' of it is as good as none.
    if (value.kind === 'array' && (row.values || shape.endsWith('[]')))
      for (const item of value.items) shapes.set(item, 'any');
  }
  return shapes;
}

function asAllowed(value: PlistValue, shape: ValueShape | undefined, text: string): Plain | undefined {
  if (shape === 'any') return undefined;
  const written = text.slice(value.inner.start, value.inner.end).trim();
  if (shape === 'boolean') return switchMeaning(value);
  if (shape === 'string[]' || shape === 'dict[]') return [];
  if (shape === 'dict') return {};
  if (shape !== 'string' && value.kind === 'real' && Number.isSafeInteger(value.value)) return BigInt(value.value);
  return shape === 'integer' ? undefined : written;
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
    const shapes = wantedShapes(c);
    for (const value of allValues(c.document.root)) {
      if (value.kind !== 'real' && value.kind !== 'date' && value.kind !== 'data') continue;
      const to = asAllowed(value, shapes.get(value), c.text);
      yield {
        range: value.range,
        message: `<${value.kind}> cannot be signed as an entitlement.`,
        fixes: to === undefined ? [] : [fix(c, 'Change the type', [replaceValue(c.document, value, to)])],
      };
    }
  },
};
