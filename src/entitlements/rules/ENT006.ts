import type { PlistValue } from '../../plist/value.ts';
import type { Plain } from '../../plist/xmlEdit.ts';
import { replaceValue } from '../../plist/xmlEdit.ts';
import { findKey, shapesOf } from '../catalogue/catalogue.ts';
import type { ValueShape } from '../catalogue/schema.ts';
import type { Report, Rule } from './rule.ts';
import { exceptionPrefix, fix, groupsKey, kindFits, meantKey, switchMeaning, topEntries } from './support.ts';

const wanted: Readonly<Record<ValueShape, string>> = {
  boolean: '<true/> or <false/>',
  string: 'a string',
  integer: 'an integer',
  'string[]': 'an array of strings',
  'dict[]': 'an array of dictionaries',
  dict: 'a dictionary',
  any: 'any value',
};

const unsignable: ReadonlySet<string> = new Set(['real', 'date', 'data']);

const scalarText = (value: PlistValue): string | undefined =>
  value.kind === 'string' || value.kind === 'integer' || value.kind === 'boolean' ? String(value.value) : undefined;

/** The same meaning in the shape that is wanted, where there is one. */
function convert(value: PlistValue, shape: ValueShape): Plain | undefined {
  const text = scalarText(value)?.trim();
  switch (shape) {
    case 'boolean':
      return switchMeaning(value);
    case 'string':
      if (value.kind === 'array' && value.items.length === 1) return scalarText(value.items[0]!);
      return value.kind === 'integer' ? text : undefined;
    case 'integer':
      return text !== undefined && /^-?\d{1,18}$/.test(text) ? BigInt(text) : undefined;
    case 'string[]':
      return value.kind === 'string' ? [value.value] : undefined;
    default:
      return undefined;
  }
}

/** The sandbox reads one string where an array is due. */
const stringIsRead = (key: string, value: PlistValue): boolean =>
  value.kind === 'string' && (key === groupsKey || key.startsWith(exceptionPrefix));

export const ENT006: Rule = {
  id: 'ENT006',
  severity: 'error',
  title: 'A value of the wrong type',
  doc: {
    what: 'The value is not of the type that the key has: text for a switch, one string for a list.',
    why: 'The system compares types. A switch written as the text YES is off. One string in place of a list is read by the sandbox, and by nothing else: there it is a warning.',
    evidence: "The sandbox profile of macOS 10.15.2; Apple's pages of the keys.",
    fix: 'Write the value in its type; the fix converts where the meaning is clear.',
    bad: '<key>com.apple.security.app-sandbox</key>\n<string>YES</string>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const entry of topEntries(c)) {
      const key = meantKey(entry.key);
      const row = findKey(key);
      const { value } = entry;
      if (!row || !value || row.access === 'internal' || kindFits(row, value)) continue;
      const shape = shapesOf(row)[0]!;
      const inList = value.kind === 'array' && shape.endsWith('[]');
      // ENT004 has its own word about real numbers, dates and data.
      const odd = (inList ? value.items.filter((item) => `${item.kind}[]` !== shape) : [value]).find(
        (v) => !unsignable.has(v.kind),
      );
      if (!odd) continue;
      const meant = convert(value, shape);
      // 1 as text is no value of a key that takes production or development.
      const to = row.values && typeof meant === 'string' && !row.values.includes(meant) ? undefined : meant;
      yield {
        range: odd.range,
        message: `${key} takes ${wanted[shape]}.`,
        ...(stringIsRead(key, value) && { severity: 'warning' }),
        fixes: to === undefined ? [] : [fix(c, `Make it ${wanted[shape]}`, [replaceValue(c.document, value, to)])],
      };
    }
  },
};
