// The one value tree of every plist format (XML, binary, OpenStep), with the place of each value in the text.
import type { TextRange } from '../entitlements/finding.ts';

interface Placed {
  /** The whole literal: an XML element with its tags, a quoted OpenStep string with its quotes. */
  readonly range: TextRange;
  /** What stands between the tags, quotes or brackets. As long as the text, not as the decoded value. */
  readonly inner: TextRange;
}

export interface PlistEntry {
  /** Decoded, not trimmed: a space within `<key> a</key>` is part of it. */
  readonly key: string;
  /** The key's own characters: between `<key>` and `</key>`, or between the quotes. */
  readonly keyRange: TextRange;
  /** The key with its tags or quotes. */
  readonly keyElement: TextRange;
  /** From the key's first character (its tag, its quote) to the value's last. */
  readonly range: TextRange;
  /** Absent where the text breaks off or the next key follows at once; `errors` says so. */
  readonly value?: PlistValue;
}

export interface PlistDict extends Placed {
  readonly kind: 'dict';
  /** In the text's order; a key that stands twice is listed twice. */
  readonly entries: readonly PlistEntry[];
}
export interface PlistArray extends Placed {
  readonly kind: 'array';
  readonly items: readonly PlistValue[];
}
export interface PlistString extends Placed {
  readonly kind: 'string';
  readonly value: string;
}
export interface PlistInteger extends Placed {
  readonly kind: 'integer';
  readonly value: bigint;
}
export interface PlistReal extends Placed {
  readonly kind: 'real';
  readonly value: number;
}
export interface PlistBoolean extends Placed {
  readonly kind: 'boolean';
  readonly value: boolean;
}
export interface PlistDate extends Placed {
  readonly kind: 'date';
  /** ISO 8601 as written. */
  readonly value: string;
}
export interface PlistData extends Placed {
  readonly kind: 'data';
  readonly value: Uint8Array;
}

export type PlistValue =
  PlistDict | PlistArray | PlistString | PlistInteger | PlistReal | PlistBoolean | PlistDate | PlistData;
export type PlistKind = PlistValue['kind'];

/** A mistake of the text itself; the tree holds what could be saved. */
export interface PlistError {
  readonly code: PlistErrorCode;
  readonly range: TextRange;
  readonly message: string;
  /** The smallest edit that mends it, where there is one. */
  readonly fix?: { readonly title: string; readonly edits: readonly (TextRange & { readonly text: string })[] };
}

export type PlistErrorCode =
  | 'empty'
  | 'syntax'
  | 'unclosed'
  | 'stray-close'
  | 'missing-value'
  | 'missing-key'
  | 'unknown-element'
  | 'stray-text'
  | 'bad-root'
  | 'bad-value'
  | 'bad-entity'
  | 'doctype'
  | 'comment'
  | 'encoding'
  | 'limit';

export interface PlistComment {
  readonly range: TextRange;
  /** `--` within: XML forbids it, plutil accepts it, the signing tools stop at it. */
  readonly doubleHyphen: boolean;
}

export interface PlistDocument {
  readonly format: 'xml' | 'binary' | 'openstep';
  /** What the ranges count in. For a binary plist: the XML it stands for. */
  readonly text: string;
  readonly root?: PlistValue;
  /** In the text's order. */
  readonly errors: readonly PlistError[];
  readonly comments: readonly PlistComment[];
}

export const entriesOf = (value: PlistValue | undefined): readonly PlistEntry[] =>
  value?.kind === 'dict' ? value.entries : [];

/** The entry of `key`; of a key that stands twice, the first. */
export const entry = (value: PlistValue | undefined, key: string): PlistEntry | undefined =>
  entriesOf(value).find((e) => e.key === key);

export const lookup = (value: PlistValue | undefined, ...path: readonly string[]): PlistValue | undefined =>
  path.reduce<PlistValue | undefined>((v, key) => entry(v, key)?.value, value);

/** The strings of an array, or the one string that stands in its place. */
export const stringsOf = (value: PlistValue | undefined): readonly PlistString[] => {
  if (value?.kind === 'string') return [value];
  if (value?.kind !== 'array') return [];
  return value.items.filter((item): item is PlistString => item.kind === 'string');
};
