// What several rules need: entries by key, groups and their styles, the sandbox, fixes.
import type { Edit } from '../../plist/xmlEdit.ts';
import {
  insertEntry,
  insertItems,
  removeEntry,
  removeRange,
  renameKey,
  replaceString,
  replaceValue,
} from '../../plist/xmlEdit.ts';
import type { PlistArray, PlistDict, PlistDocument, PlistEntry, PlistString, PlistValue } from '../../plist/value.ts';
import { stringsOf } from '../../plist/value.ts';
import { findIgnoringCase, findKey, shapesOf } from '../catalogue/catalogue.ts';
import type { CatalogueKey } from '../catalogue/schema.ts';
import type { Fix, TextRange } from '../finding.ts';
import type { EntitlementsContext } from './rule.ts';

export const sandboxKey = 'com.apple.security.app-sandbox';
export const groupsKey = 'com.apple.security.application-groups';
export const networkExtensionKey = 'com.apple.developer.networking.networkextension';
export const exceptionPrefix = 'com.apple.security.temporary-exception.';

/** The key as it was meant: without white space, in the catalogue's spelling. */
export function meantKey(key: string): string {
  if (findKey(key)) return key;
  const packed = key.replace(/\s+/g, '');
  return findIgnoringCase(packed)?.key ?? key.trim();
}

export const rootDict = (c: EntitlementsContext): PlistDict | undefined =>
  c.document.root?.kind === 'dict' ? c.document.root : undefined;
export const topEntries = (c: EntitlementsContext): readonly PlistEntry[] => rootDict(c)?.entries ?? [];
/** Entries of a document by the key that is meant; every rule looks some up. */
const indexes = new WeakMap<PlistDocument, ReadonlyMap<string, PlistEntry>>();

function indexOf(c: EntitlementsContext): ReadonlyMap<string, PlistEntry> {
  let index = indexes.get(c.document);
  if (!index) {
    const made = new Map<string, PlistEntry>();
    // The first counts, and an exact key before one with a slip.
    for (const entry of topEntries(c)) if (!made.has(entry.key)) made.set(entry.key, entry);
    for (const entry of topEntries(c)) if (!made.has(meantKey(entry.key))) made.set(meantKey(entry.key), entry);
    index = made;
    indexes.set(c.document, index);
  }
  return index;
}
export const findEntry = (c: EntitlementsContext, key: string): PlistEntry | undefined => indexOf(c).get(key);

/** What a switch is meant to be, also where it has the wrong type; undefined where that cannot be told. */
export function switchMeaning(value: PlistValue | undefined): boolean | undefined {
  switch (value?.kind) {
    case 'boolean':
      return value.value;
    case 'integer':
    case 'real':
      return Number(value.value) === 1 ? true : Number(value.value) === 0 ? false : undefined;
    case 'string': {
      const text = value.value.trim();
      return /^(yes|true|1)$/i.test(text) ? true : /^(no|false|0)$/i.test(text) ? false : undefined;
    }
    default:
      return undefined;
  }
}
export const isTrue = (c: EntitlementsContext, key: string): boolean =>
  switchMeaning(findEntry(c, key)?.value) === true;

/** Every value of the tree, the root included; the parser bounds its depth. */
export function* allValues(value: PlistValue | undefined): Generator<PlistValue> {
  if (!value) return;
  yield value;
  if (value.kind === 'dict') for (const e of value.entries) yield* allValues(e.value);
  else if (value.kind === 'array') for (const item of value.items) yield* allValues(item);
}
export const allStrings = (c: EntitlementsContext): PlistString[] =>
  [...allValues(c.document.root)].filter((v): v is PlistString => v.kind === 'string');

export const stringsUnder = (c: EntitlementsContext, key: string): readonly PlistString[] =>
  stringsOf(findEntry(c, key)?.value);

/** Where to underline what is wrong with a text: the text without its tags. */
export const placeOf = ({ inner, range }: PlistString): TextRange => (inner.end > inner.start ? inner : range);

/** `off` is said only where neither the file nor a build setting turns it on. */
export function sandbox(c: EntitlementsContext): 'on' | 'off' | 'unknown' {
  // Elsewhere than on a Mac every app is sandboxed, whatever the file says.
  if (c.roles.some((role) => role.platform !== undefined && role.platform !== 'macos')) return 'unknown';
  const entry = findEntry(c, sandboxKey);
  const meant = switchMeaning(entry?.value);
  if (meant !== undefined) return meant ? 'on' : 'off';
  if (entry) return 'unknown';
  // Set to NO is as good as unset; set to what cannot be read is not.
  return c.roles.some((role) => (role.supplied?.get(sandboxKey) ?? false) !== false) ? 'unknown' : 'off';
}

export const kindFits = (row: CatalogueKey, value: PlistValue): boolean =>
  shapesOf(row).some((shape) => {
    if (shape === 'any') return true;
    if (shape === 'string[]') return value.kind === 'array' && value.items.every((i) => i.kind === 'string');
    if (shape === 'dict[]') return value.kind === 'array' && value.items.every((i) => i.kind === 'dict');
    return value.kind === shape;
  });

export const hasVariable = (text: string): boolean => /\$[({]/.test(text);

/** `$(NAME)` or `${NAME:modifier}` at the start, and what follows. */
export function leadingVariable(text: string): { name: string; length: number } | undefined {
  const match = /^\$(?:\((\w+)(?::[^)]*)?\)|\{(\w+)(?::[^}]*)?\})/.exec(text);
  return match ? { name: match[1] ?? match[2]!, length: match[0].length } : undefined;
}

/** Names that stand in for a Team ID in examples. ABCDE12345 and XXXXXXXXXX have its form. */
const placeholder =
  /^(TEAM_?ID(ENTIFIER)?|TEAM-ID|(YOUR|MY)_?TEAM(_?ID(ENTIFIER)?)?|<[A-Z_ ]+>|X{10}|ABCDE12345|A1B2C3D4E5)(?=\.|$)/;
const teamVariables = new Set(['TeamIdentifierPrefix', 'AppIdentifierPrefix']);

export interface TeamPrefix {
  readonly kind: 'literal' | 'placeholder' | 'variable';
  /** With its dot. */
  readonly length: number;
}

/** The Team ID that `text` begins with, in whatever way it is written. */
export function teamPrefix(text: string): TeamPrefix | undefined {
  const fake = placeholder.exec(text)?.[0];
  if (fake !== undefined) return { kind: 'placeholder', length: Math.min(fake.length + 1, text.length) };
  if (/^[A-Z0-9]{10}\./.test(text)) return { kind: 'literal', length: 11 };
  const variable = leadingVariable(text);
  if (!variable) return undefined;
  const dot = text[variable.length] === '.' ? 1 : 0;
  if (teamVariables.has(variable.name) || variable.name === 'DEVELOPMENT_TEAM')
    return { kind: 'variable', length: variable.length + dot };
  return undefined;
}

const doubled =
  /(\$\((?:TeamIdentifierPrefix|AppIdentifierPrefix)\)|\$\{(?:TeamIdentifierPrefix|AppIdentifierPrefix)\})\.+/g;
const missing = /(\$\(DEVELOPMENT_TEAM\)|\$\{DEVELOPMENT_TEAM\})(?=[^.\s])/g;
/** The prefixes end in a dot of their own, DEVELOPMENT_TEAM is the bare Team ID. */
export const withRightDots = (text: string): string => text.replace(doubled, '$1').replace(missing, '$1.');

export const fix = (c: EntitlementsContext, title: string, edits: readonly Edit[], preferred = true): Fix => ({
  title,
  edits: edits.map((edit) => ({ ...edit, file: c.file })),
  ...(preferred && { preferred }),
});

export const removeKeyFix = (c: EntitlementsContext, entry: PlistEntry, preferred = true): Fix =>
  fix(c, `Remove ${entry.key.trim()}`, [removeEntry(c.document, entry)], preferred);

/** The entry becomes `true`, wherever it stands now. */
export function setTrueEdit(c: EntitlementsContext, key: string): Edit {
  const present = findEntry(c, key);
  if (present?.value) return { ...present.value.range, text: '<true/>' };
  return insertEntry(c.document, rootDict(c)!, key, true);
}

/** Without the item; without the whole entry where it was the only one. */
export function removeItemEdit(c: EntitlementsContext, entry: PlistEntry, item: PlistValue): Edit {
  const array = entry.value as PlistArray;
  if (array.kind !== 'array' || array.items.length === 1) return removeEntry(c.document, entry);
  return removeRange(c.text, item.range);
}

/** The item leaves its list for the list of `key`, as `to`. */
export function moveItemEdits(
  c: EntitlementsContext,
  entry: PlistEntry,
  item: PlistString,
  key: string,
  to: string,
): Edit[] {
  const list = findEntry(c, key)?.value;
  if (list?.kind === 'array') return [removeItemEdit(c, entry, item), insertItems(c.document, list, [to])];
  if (list)
    return [
      removeItemEdit(c, entry, item),
      replaceValue(c.document, list, [...stringsOf(list).map((s) => s.value), to]),
    ];
  // The last of its list: the entry becomes the other, so that nothing is put where something is removed.
  if (entry.value?.kind !== 'array') return [renameKey(entry, key), replaceValue(c.document, entry.value!, [to])];
  if (entry.value.items.length === 1) return [renameKey(entry, key), replaceString(c.document, item, to)];
  return [removeRange(c.text, item.range), insertEntry(c.document, rootDict(c)!, key, [to])];
}

/** Another name for an app group: in every file that uses it where the project is known, else here. */
export function renameGroupFix(
  c: EntitlementsContext,
  item: PlistString,
  to: string,
  title: string,
  preferred: boolean,
): Fix {
  const everywhere = c.project?.rename('app-group', item.value, to);
  const edits =
    everywhere && !('refused' in everywhere) ? everywhere : [{ ...replaceString(c.document, item, to), file: c.file }];
  const here = edits.some(
    (edit) => edit.file === c.file && edit.start <= item.range.end && edit.end >= item.range.start,
  );
  const all = here ? edits : [...edits, { ...replaceString(c.document, item, to), file: c.file }];
  return { title, edits: all, ...(preferred && { preferred }) };
}
