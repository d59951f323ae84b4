// What is under the pointer: a key, a value of a known list, a name with variables.
import type { PlistDocument, PlistEntry, PlistValue } from '../../plist/value.ts';
import { findInfoKey, findKey, findNearMiss, findPattern } from '../catalogue/catalogue.ts';
import type { TextRange } from '../finding.ts';
import type { PlistPurpose } from '../kind.ts';
import { describeInfoKey, describeKey, describeProviderValue } from './describe.ts';

export interface Hover {
  readonly range: TextRange;
  /** Markdown. */
  readonly text: string;
}

export interface Place {
  /** Keys from the root to the entry. */
  readonly path: readonly string[];
  readonly entry: PlistEntry;
  /** The innermost value, where the offset is not on the key. */
  readonly value: PlistValue | undefined;
}

const holds = (range: TextRange, offset: number): boolean => offset >= range.start && offset <= range.end;

export function placeAt(root: PlistValue | undefined, offset: number): Place | undefined {
  let path: readonly string[] = [];
  let found: Place | undefined;
  let at = root;
  while (at && holds(at.range, offset)) {
    if (at.kind === 'dict') {
      const entry: PlistEntry | undefined = at.entries.find((e) => holds(e.range, offset));
      if (!entry) break;
      path = [...path, entry.key];
      const onKey = holds(entry.keyElement, offset);
      const inner: PlistValue | undefined =
        !onKey && entry.value && holds(entry.value.range, offset) ? entry.value : undefined;
      found = { path, entry, value: inner };
      at = inner;
    } else if (at.kind === 'array' && found) {
      const item: PlistValue | undefined = at.items.find((i) => holds(i.range, offset));
      if (!item) break;
      found = { ...found, value: item };
      at = item;
    } else break;
  }
  return found;
}

export function hoverAt(
  document: PlistDocument,
  purpose: PlistPurpose,
  offset: number,
  resolve: (text: string) => readonly string[] | undefined,
): Hover | undefined {
  const place = placeAt(document.root, offset);
  if (!place || purpose === 'other') return undefined;
  const { path, entry, value } = place;
  if (!value) {
    const text = aboutKey(purpose, path);
    return text === undefined ? undefined : { range: entry.keyRange, text: `**${entry.key}**\n\n${text}` };
  }
  if (value.kind !== 'string') return undefined;
  const outcomes = /\$[({]/.test(value.value) ? (resolve(value.value) ?? []) : [];
  const parts = [
    describeProviderValue(value.value),
    outcomes.length > 0 ? `Becomes ${outcomes.map((o) => `\`${o}\``).join(' or ')}` : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : { range: value.inner, text: parts.join('\n\n') };
}

function aboutKey(purpose: PlistPurpose, path: readonly string[]): string | undefined {
  if (purpose === 'info-plist') {
    const row = findInfoKey(path);
    return row && describeInfoKey(row);
  }
  const key = path.at(-1)!;
  const row = path.length === 1 ? (findKey(key) ?? findPattern(key)) : undefined;
  const miss = path.length === 1 ? findNearMiss(key) : undefined;
  if (miss) return `No entitlement. ${miss.advice}`;
  return row && describeKey(row);
}
