// Edits of an XML property list that keep the file's own style: indentation, line ends, order, comments.
import type { TextRange } from '../entitlements/finding.ts';
import type { PlistArray, PlistDict, PlistDocument, PlistEntry, PlistString, PlistValue } from './value.ts';
import { encodeText } from './xmlText.ts';

/** Replaces text[start, end) by `text`. */
export type Edit = TextRange & { readonly text: string };

/** A value to be written. */
export type Plain = boolean | string | bigint | readonly Plain[] | { readonly [key: string]: Plain };

export interface Style {
  readonly eol: string;
  /** One step of indentation. */
  readonly unit: string;
}

export function styleOf(text: string): Style {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  // The shallowest indented line shows the step; a tab where there is none, as Xcode writes.
  let unit = '';
  for (const match of text.slice(0, 20_000).matchAll(/^([ \t]+)</gm))
    if (unit === '' || match[1]!.length < unit.length) unit = match[1]!;
  return { eol, unit: unit.startsWith('\t') || unit === '' ? '\t' : unit };
}

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
/** White space that begins the line of `at`. */
export const indentAt = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(lineStart(text, at), at))?.[0] ?? '';

/** A value as XML; lines after the first begin with `indent`. */
export function writePlain(value: Plain, indent: string, style: Style): string {
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>';
  if (typeof value === 'string') return `<string>${encodeText(value)}</string>`;
  if (typeof value === 'bigint') return `<integer>${value}</integer>`;
  const deeper = indent + style.unit;
  const isArray = Array.isArray(value);
  const lines = isArray
    ? value.map((item: Plain) => writePlain(item, deeper, style))
    : Object.entries(value).flatMap(([key, item]) => [
        `<key>${encodeText(key)}</key>`,
        writePlain(item, deeper, style),
      ]);
  const name = isArray ? 'array' : 'dict';
  if (lines.length === 0) return `<${name}/>`;
  return [`<${name}>`, ...lines.map((line) => deeper + line), `${indent}</${name}>`].join(style.eol);
}

/** The range with its line ends where nothing else stands on its lines, so that no blank line is left. */
function withLines(text: string, range: TextRange): TextRange {
  const start = lineStart(text, range.start);
  const newline = text.indexOf('\n', range.end);
  const end = newline < 0 ? text.length : newline + 1;
  const alone = text.slice(start, range.start).trim() === '' && text.slice(range.end, end).trim() === '';
  return alone ? { start, end } : range;
}

export const removeRange = (text: string, range: TextRange): Edit => ({ ...withLines(text, range), text: '' });
export const removeEntry = (document: PlistDocument, entry: PlistEntry): Edit =>
  removeRange(document.text, entry.range);
export const renameKey = (entry: PlistEntry, key: string): Edit => ({ ...entry.keyRange, text: encodeText(key) });

export function replaceString(document: PlistDocument, value: PlistString, to: string): Edit {
  // `<string/>` has no inside.
  if (document.text.startsWith('/>', value.range.end - 2) && value.inner.start === value.range.end)
    return { ...value.range, text: `<string>${encodeText(to)}</string>` };
  return { ...value.inner, text: encodeText(to) };
}

export const replaceValue = (document: PlistDocument, value: PlistValue, to: Plain): Edit => ({
  ...value.range,
  text: writePlain(to, indentAt(document.text, value.range.start), styleOf(document.text)),
});

/** `lines` as the last children of a container: on lines of their own, or inline where the container is inline. */
function append(document: PlistDocument, container: PlistDict | PlistArray, write: (indent: string) => string[]): Edit {
  const { text } = document;
  const style = styleOf(text);
  const { range, inner } = container;
  const name = container.kind;
  const children =
    container.kind === 'dict' ? container.entries.map((e) => e.range) : container.items.map((i) => i.range);
  const own = indentAt(text, range.start);
  const last = children.at(-1);
  if (last && !text.slice(range.start, range.end).includes('\n'))
    return { start: last.end, end: last.end, text: write('').join('') };
  if (last) {
    const first = children[0]!;
    const firstOnOwnLine = text.slice(lineStart(text, first.start), first.start).trim() === '';
    const indent = firstOnOwnLine ? indentAt(text, first.start) : own + style.unit;
    const lines = write(indent).map((line) => style.eol + indent + line);
    const closes = text.slice(last.end, inner.end).includes('\n') ? '' : style.eol + own;
    return { start: last.end, end: last.end, text: lines.join('') + closes };
  }
  const indent = own + style.unit;
  const body = write(indent).map((line) => style.eol + indent + line);
  return { ...range, text: `<${name}>${body.join('')}${style.eol}${own}</${name}>` };
}

export const insertEntry = (document: PlistDocument, dict: PlistDict, key: string, value: Plain): Edit =>
  insertEntries(document, dict, [[key, value]]);

export const insertEntries = (
  document: PlistDocument,
  dict: PlistDict,
  entries: readonly (readonly [string, Plain])[],
): Edit =>
  append(document, dict, (indent) =>
    entries.flatMap(([key, value]) => [
      `<key>${encodeText(key)}</key>`,
      writePlain(value, indent, styleOf(document.text)),
    ]),
  );

export const insertItems = (document: PlistDocument, array: PlistArray, values: readonly Plain[]): Edit =>
  append(document, array, (indent) => values.map((value) => writePlain(value, indent, styleOf(document.text))));

/** The value of a key that has none. */
export function insertValue(document: PlistDocument, entry: PlistEntry, value: Plain): Edit {
  const { text } = document;
  const at = entry.keyElement.end;
  const style = styleOf(text);
  const indent = indentAt(text, entry.keyElement.start);
  const inline = text.slice(lineStart(text, entry.range.start), entry.range.start).trim() !== '';
  return { start: at, end: at, text: (inline ? '' : style.eol + indent) + writePlain(value, indent, style) };
}

/** What `edits` make of `text`; they may come in any order and do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits.map((edit, i) => ({ edit, i })).sort((a, b) => a.edit.start - b.edit.start || a.i - b.i);
  let out = '';
  let at = 0;
  for (const { edit } of sorted) {
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
}

export const emptyPlist = (style: Style, body: Plain = {}): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    writePlain(body, '', style),
    '</plist>',
    '',
  ].join(style.eol);
