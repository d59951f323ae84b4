// Document symbols, folding ranges and the colour of keys.
import type { PlistDocument, PlistValue } from '../../plist/value.ts';
import { findInfoKey, findKey, findNearMiss, findPattern } from '../catalogue/catalogue.ts';
import type { TextRange } from '../finding.ts';
import type { PlistPurpose } from '../kind.ts';

export interface OutlineSymbol {
  readonly name: string;
  readonly detail: string;
  readonly kind: 'dict' | 'array' | 'string' | 'number' | 'boolean' | 'other';
  readonly range: TextRange;
  readonly selection: TextRange;
  readonly children: readonly OutlineSymbol[];
}

const kinds: Readonly<Record<PlistValue['kind'], OutlineSymbol['kind']>> = {
  dict: 'dict',
  array: 'array',
  string: 'string',
  integer: 'number',
  real: 'number',
  boolean: 'boolean',
  date: 'other',
  data: 'other',
};

function detailOf(value: PlistValue | undefined): string {
  if (!value) return '';
  if (value.kind === 'dict') return `${value.entries.length}`;
  if (value.kind === 'array') return `${value.items.length}`;
  if (value.kind === 'data') return `${value.value.length} bytes`;
  const text = String(value.value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function childrenOf(value: PlistValue | undefined): OutlineSymbol[] {
  if (value?.kind === 'dict')
    return value.entries.map((entry) => ({
      // An outline refuses an empty name.
      name: entry.key === '' ? '""' : entry.key,
      detail: detailOf(entry.value),
      kind: entry.value ? kinds[entry.value.kind] : 'other',
      range: entry.range,
      selection: entry.keyElement,
      children: childrenOf(entry.value),
    }));
  if (value?.kind !== 'array') return [];
  return value.items.map((item, i) => ({
    name: `${i}`,
    detail: detailOf(item),
    kind: kinds[item.kind],
    range: item.range,
    selection: item.range,
    children: childrenOf(item),
  }));
}

export const symbolsOf = (document: PlistDocument): readonly OutlineSymbol[] => childrenOf(document.root);

export interface Folding {
  readonly range: TextRange;
  readonly kind: 'comment' | 'container';
}

/** Elements and comments that span lines. */
export function foldingOf(document: PlistDocument): readonly Folding[] {
  const { text } = document;
  const spans = (range: TextRange): boolean => {
    const line = text.indexOf('\n', range.start);
    return line >= 0 && line < range.end;
  };
  const folds: Folding[] = document.comments
    .filter((comment) => spans(comment.range))
    .map((comment) => ({ range: comment.range, kind: 'comment' }));
  const pending: (PlistValue | undefined)[] = [document.root];
  for (let value = pending.pop(); value || pending.length > 0; value = pending.pop()) {
    if (value?.kind !== 'dict' && value?.kind !== 'array') continue;
    if (spans(value.range)) folds.push({ range: value.range, kind: 'container' });
    pending.push(...(value.kind === 'dict' ? value.entries.map((e) => e.value) : value.items));
  }
  return folds.sort((a, b) => a.range.start - b.range.start);
}

export interface KeyColour {
  readonly range: TextRange;
  readonly kind: 'known' | 'unknown' | 'deprecated';
}

export function coloursOf(document: PlistDocument, purpose: PlistPurpose): readonly KeyColour[] {
  if (document.root?.kind !== 'dict' || purpose === 'other') return [];
  const colours: KeyColour[] = [];
  for (const { key, keyRange } of document.root.entries) {
    const row = purpose === 'entitlements' ? findKey(key) : findInfoKey([key]);
    const unknown =
      purpose === 'entitlements' &&
      /^com\.apple\.(security|developer)\./.test(key) &&
      (findNearMiss(key) !== undefined || findPattern(key) === undefined);
    if (row) colours.push({ range: keyRange, kind: row.deprecated === undefined ? 'known' : 'deprecated' });
    else if (unknown) colours.push({ range: keyRange, kind: 'unknown' });
  }
  return colours;
}
