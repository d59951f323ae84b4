// Edits that several rules offer. A plist that is no XML file of its own (a part of project.yml) gets none.
import type { Fix, TextRange } from '../../entitlements/finding.ts';
import { entry } from '../../plist/value.ts';
import type { PlistDict, PlistDocument, PlistEntry, PlistValue } from '../../plist/value.ts';
import { insertEntry, insertItems, removeEntry, replaceString } from '../../plist/xmlEdit.ts';
import type { Plain } from '../../plist/xmlEdit.ts';
import type { PlistUse } from '../model.ts';

/** The XML document of a plist use, with its root dictionary. */
export function editable(
  use: PlistUse,
): { readonly file: string; readonly document: PlistDocument; readonly root: PlistDict } | undefined {
  const { part } = use;
  if (part?.document?.format !== 'xml' || part.root?.kind !== 'dict') return undefined;
  return { file: part.file, document: part.document, root: part.root };
}

export const fixIn = (
  title: string,
  file: string,
  edits: readonly (TextRange & { readonly text: string })[],
  preferred = true,
): Fix => ({
  title,
  edits: edits.map((edit) => ({ ...edit, file })),
  ...(preferred && { preferred }),
});

/** Replaces a string of a plist. */
export function setStringFix(title: string, use: PlistUse, value: PlistValue | undefined, to: string): readonly Fix[] {
  const doc = editable(use);
  if (!doc || value?.kind !== 'string') return [];
  return [fixIn(title, doc.file, [replaceString(doc.document, value, to)])];
}

/** Adds a key below `dict`, the root where it is left out. */
export function addEntryFix(
  title: string,
  use: PlistUse,
  key: string,
  value: Plain,
  dict?: PlistValue,
): readonly Fix[] {
  const doc = editable(use);
  const into = dict?.kind === 'dict' ? dict : doc?.root;
  if (!doc || !into || entry(into, key)) return [];
  return [fixIn(title, doc.file, [insertEntry(doc.document, into, key, value)])];
}

export function removeEntryFix(title: string, use: PlistUse, e: PlistEntry | undefined): readonly Fix[] {
  const doc = editable(use);
  return doc && e ? [fixIn(title, doc.file, [removeEntry(doc.document, e)])] : [];
}

/** Adds strings to an array of the entitlements; the key too, where it is absent. */
export function addGroupFix(title: string, use: PlistUse, key: string, values: readonly string[]): readonly Fix[] {
  const doc = editable(use);
  if (!doc || values.length === 0) return [];
  const array = entry(doc.root, key)?.value;
  if (!entry(doc.root, key)) return [fixIn(title, doc.file, [insertEntry(doc.document, doc.root, key, values)])];
  if (array?.kind !== 'array') return [];
  return [fixIn(title, doc.file, [insertItems(doc.document, array, values)])];
}

/** The white space that begins the line of `at`. */
export const indentOf = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))?.[0] ?? '';

/** `lines` after the line that holds `at`, in its indentation. */
export function insertAfterLine(
  text: string,
  at: number,
  lines: readonly string[],
): TextRange & { readonly text: string } {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const newline = text.indexOf('\n', at);
  const end = newline < 0 ? text.length : newline > 0 && text[newline - 1] === '\r' ? newline - 1 : newline;
  const indent = indentOf(text, at);
  return { start: end, end, text: lines.map((line) => eol + (line === '' ? '' : indent + line)).join('') };
}
/** The dictionary's own opening line; a whole file underlined says nothing. */
export function firstLine(text: string, root: PlistValue | undefined): TextRange {
  const start = root?.range.start ?? 0;
  const newline = text.indexOf('\n', start);
  return { start, end: Math.min(newline < 0 ? text.length : newline, start + 80) };
}
