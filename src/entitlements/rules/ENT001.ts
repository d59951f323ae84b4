import type { PlistEntry, PlistError } from '../../plist/value.ts';
import { emptyPlist, insertValue, replaceValue, styleOf } from '../../plist/xmlEdit.ts';
import type { Plain } from '../../plist/xmlEdit.ts';
import { findKey, shapesOf } from '../catalogue/catalogue.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { allValues, fix, meantKey } from './support.ts';

/** To be turned on knowingly. */
const isDelicate = (key: string): boolean =>
  key === 'com.apple.security.inherit' || key.endsWith('get-task-allow') || key.startsWith('com.apple.security.cs.');

/** A value to begin with: of the key's type, and nothing that a rule would object to. */
function firstValue(written: string): Plain {
  const key = meantKey(written);
  const row = findKey(key);
  if (!row) return '';
  if (isDelicate(key)) return false;
  const shape = shapesOf(row)[0];
  if (shape === 'boolean') return true;
  if (shape === 'string') return row.values?.[0] ?? '';
  if (shape === 'integer') return 0n;
  return shape === 'dict' ? {} : [];
}

function entryAt(c: EntitlementsContext, start: number): PlistEntry | undefined {
  for (const value of allValues(c.document.root))
    if (value.kind === 'dict') for (const e of value.entries) if (e.keyElement.start === start && !e.value) return e;
  return undefined;
}

function fixesFor(c: EntitlementsContext, error: PlistError): Fix[] {
  if (error.fix) return [fix(c, error.fix.title, error.fix.edits)];
  if (error.code === 'empty')
    return [
      fix(c, 'Write an empty property list', [{ start: 0, end: c.text.length, text: emptyPlist(styleOf(c.text)) }]),
    ];
  const entry = error.code === 'missing-value' ? entryAt(c, error.range.start) : undefined;
  if (!entry) return [];
  return [fix(c, 'Insert a value', [insertValue(c.document, entry, firstValue(entry.key))])];
}

export const ENT001: Rule = {
  id: 'ENT001',
  severity: 'error',
  title: 'Not a well-formed property list',
  doc: {
    what: 'The file is no property list: a tag is not closed, a key has no value, text stands where none may, the root is not a dictionary, or the file is empty.',
    why: 'Code signing reads nothing from a broken file, or refuses it. Xcode names the file but rarely the place.',
    evidence: 'The XML and property list grammars.',
    fix: 'Close the tag, give the key its value, remove the text. Each finding offers the smallest repair.',
    bad: '<key>com.apple.security.app-sandbox</key>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<Report> {
    for (const error of c.document.errors) {
      // ENT003 speaks of encodings, ENT004 of every real, date and data.
      if (
        error.code === 'encoding' ||
        (error.code === 'bad-value' && /^<(real|date|data)/.test(c.text.slice(error.range.start)))
      )
        continue;
      yield { range: error.range, message: error.message, fixes: fixesFor(c, error) };
    }
    const { root } = c.document;
    if (root && root.kind !== 'dict')
      yield {
        range: { start: root.range.start, end: Math.min(root.range.end, root.range.start + 1 + root.kind.length + 1) },
        message: `Entitlements are a dictionary, not ${root.kind === 'array' ? 'an array' : `a ${root.kind}`}.`,
        fixes: [fix(c, 'Make it an empty dictionary', [replaceValue(c.document, root, {})])],
      };
  },
};
