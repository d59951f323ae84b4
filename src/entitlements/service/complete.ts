// Completion of keys and values, as edits of the text. Snippet syntax is that of the Language Server Protocol.
import type { PlistDict, PlistDocument, PlistValue } from '../../plist/value.ts';
import { encodeText } from '../../plist/xmlText.ts';
import { indentAt, styleOf } from '../../plist/xmlEdit.ts';
import { catalogueKeys, infoKeysWithin, shapesOf } from '../catalogue/catalogue.ts';
import { platformsOf } from '../catalogue/schema.ts';
import type { CatalogueKey, InfoPlistKey } from '../catalogue/schema.ts';
import type { TextRange } from '../finding.ts';
import type { PlistPurpose } from '../kind.ts';
import type { ProjectIndex, TargetRole } from '../project.ts';
import type { Cursor } from './cursor.ts';
import { cursorAt } from './cursor.ts';
import { describeInfoKey, describeKey } from './describe.ts';
import { factsOf, valuesFor } from './values.ts';

export interface Completion {
  readonly label: string;
  readonly kind: 'key' | 'value' | 'element';
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  /** With tab stops, where `snippet`. Lines after the first have no indentation of their own context. */
  readonly insert: string;
  readonly snippet: boolean;
  readonly range: TextRange;
  /** What the typed text is compared with. */
  readonly filter: string;
  readonly sort: string;
  readonly deprecated: boolean;
  /** The value that follows a key completed within its tags. */
  readonly also?: { readonly at: number; readonly text: string };
}

export interface CompletionRequest {
  readonly file: string;
  readonly purpose: PlistPurpose;
  readonly document: PlistDocument;
  readonly offset: number;
  readonly project: ProjectIndex | undefined;
}

type Row = CatalogueKey | InfoPlistKey;
const nameOf = (row: Row): string =>
  'key' in row ? row.key : row.path.slice(row.path.lastIndexOf(' > ') + 1).replace(/^> /, '');
const escapeSnippet = (text: string): string => text.replace(/[\\$}]/g, '\\$&');

export function complete(request: CompletionRequest): readonly Completion[] {
  if (request.purpose === 'other') return [];
  const cursor = cursorAt(request.document.text, request.offset);
  const { within } = cursor;
  if (within?.name === 'key') return cursor.container === 'dict' ? keysWithin(request, cursor) : [];
  if (within) return within.name === 'string' ? stringsWithin(request, cursor) : [];
  if (cursor.container === 'array') return items(request, cursor);
  if (cursor.container !== 'dict') return [];
  return cursor.pendingKey === undefined ? keyElements(request, cursor) : valueElements(request, cursor);
}

/** The dictionary or array whose open tag begins at `start`. */
function containerAt(value: PlistValue | undefined, start: number): PlistValue | undefined {
  if (!value || start < value.range.start || start >= value.range.end) return undefined;
  if (value.range.start === start) return value;
  const children =
    value.kind === 'dict' ? value.entries.map((e) => e.value) : value.kind === 'array' ? value.items : [];
  for (const child of children) {
    const found = containerAt(child, start);
    if (found) return found;
  }
  return undefined;
}

/** Keys that may still be added, the likeliest first. */
function freeKeys(request: CompletionRequest, cursor: Cursor): readonly { row: Row; rank: string }[] {
  const dict = containerAt(request.document.root, cursor.containerStart) as PlistDict | undefined;
  const edited = cursor.within?.content.start;
  const used = new Set(
    dict?.kind === 'dict' ? dict.entries.filter((e) => e.keyRange.start !== edited).map((e) => e.key) : [],
  );
  if (request.purpose === 'info-plist')
    return infoKeysWithin(cursor.path)
      .filter((row) => !used.has(nameOf(row)))
      .map((row) => ({ row, rank: '0' }));
  if (cursor.path.length > 0) return [];
  const roles = request.project?.roles(request.file) ?? [];
  return catalogueKeys
    .filter((row) => row.access !== 'internal' && row.access !== 'profile' && !used.has(row.key))
    .map((row) => ({ row, rank: rankOf(row, roles) }));
}

/** Keys of the target's platform first (macOS where none is known), deprecated ones last. */
function rankOf(row: CatalogueKey, roles: readonly TargetRole[]): string {
  if (row.deprecated !== undefined) return '9';
  const platforms = platformsOf(row.os);
  const wanted = roles.flatMap((role) => role.platform ?? []);
  const fits = !platforms || (wanted.length > 0 ? wanted.some((p) => platforms.has(p)) : platforms.has('macos'));
  return fits ? '1' : '5';
}

/** A value to be filled in, with tab stops; lines after the first begin with `indent`. */
function valueSnippet(facts: ReturnType<typeof factsOf>, unit: string, indent: string): string {
  const choices = facts?.values.map((v) => encodeText(v).replace(/[\\$},|]/g, '\\$&')).join(',') ?? '';
  const text = choices === '' ? escapeSnippet(encodeText(facts?.form?.includes('<') ? '' : (facts?.form ?? ''))) : '';
  const stop = choices === '' ? (text === '' ? '$1' : `\${1:${text}}`) : `\${1|${choices}|}`;
  switch (facts?.shape) {
    case 'boolean':
      return '${1|<true/>,<false/>|}';
    case 'integer':
      return `<integer>${stop}</integer>`;
    case 'string[]':
      return `<array>\n${indent}${unit}<string>${stop}</string>\n${indent}</array>`;
    case 'dict[]':
      return `<array>\n${indent}${unit}<dict>$1</dict>\n${indent}</array>`;
    case 'dict':
      return `<dict>\n${indent}${unit}$1\n${indent}</dict>`;
    default:
      return `<string>${stop}</string>`;
  }
}

function keyItem(row: Row, rank: string): Omit<Completion, 'insert' | 'snippet' | 'range'> {
  const name = nameOf(row);
  const isEntitlement = 'key' in row;
  return {
    label: name,
    kind: 'key',
    detail: isEntitlement ? `${shapesOf(row).join(' or ')}, ${row.access}` : shapesOf(row).join(' or '),
    documentation: isEntitlement ? describeKey(row) : describeInfoKey(row),
    filter: name,
    sort: `${rank}${name}`,
    deprecated: row.deprecated !== undefined,
  };
}

function keyElements(request: CompletionRequest, cursor: Cursor): Completion[] {
  const { text } = request.document;
  const style = styleOf(text);
  const fragment = text.slice(cursor.fragment.start, cursor.fragment.end);
  const tag = fragment.startsWith('<');
  return freeKeys(request, cursor).map(({ row, rank }) => {
    const facts = factsOf(request.purpose, [...cursor.path, nameOf(row)]);
    const item = keyItem(row, rank);
    return {
      ...item,
      // The editor adds the line's indentation to each line.
      insert: `<key>${escapeSnippet(nameOf(row))}</key>\n${valueSnippet(facts, style.unit, '')}$0`,
      snippet: true,
      range: cursor.fragment,
      filter: tag ? `<key>${item.filter}` : item.filter,
    };
  });
}

/** Between `<key>` and `</key>`: the name, and behind the tag the value, where it has none. */
function keysWithin(request: CompletionRequest, cursor: Cursor): Completion[] {
  const { text } = request.document;
  const { content, closed } = cursor.within!;
  const style = styleOf(text);
  const indent = indentAt(text, content.start);
  const after = content.end + (closed ? '</key>'.length : 0);
  const hasValue = /^\s*<(?!\/|key\b|!)/.test(text.slice(after, after + 4000));
  return freeKeys(request, cursor).map(({ row, rank }) => {
    const facts = factsOf(request.purpose, [...cursor.path, nameOf(row)]);
    const value = valueSnippet(facts, style.unit, indent)
      .replace(/\$\{1\|([^,|]*).*?\|\}/, '$1')
      .replace(/\$\{1:(.*?)\}|\$1/g, '');
    const item = { ...keyItem(row, rank), range: content };
    if (hasValue) return { ...item, insert: nameOf(row), snippet: false };
    if (closed)
      return {
        ...item,
        insert: nameOf(row),
        snippet: false,
        also: { at: after, text: style.eol + indent + unescapeSnippet(value) },
      };
    return {
      ...item,
      insert: `${escapeSnippet(nameOf(row))}</key>\n${valueSnippet(facts, style.unit, '')}$0`,
      snippet: true,
    };
  });
}
const unescapeSnippet = (text: string): string => text.replace(/\\([\\$}])/g, '$1');

const elementItem = (label: string, insert: string, range: TextRange, sort: string): Completion => ({
  label,
  kind: 'element',
  detail: '',
  documentation: '',
  insert,
  snippet: insert.includes('$'),
  range,
  filter: label,
  sort,
  deprecated: false,
});

function valueElements(request: CompletionRequest, cursor: Cursor): Completion[] {
  const path = [...cursor.path, cursor.pendingKey!];
  const facts = factsOf(request.purpose, path);
  const { unit } = styleOf(request.document.text);
  if (facts?.shape === 'boolean')
    return ['<true/>', '<false/>'].map((text, i) => elementItem(text, text, cursor.fragment, `0${i}`));
  const whole = valueSnippet(facts, unit, '');
  const label =
    facts?.shape === 'string[]' ? '<array>' : facts?.shape === 'dict' ? '<dict>' : (/^<\w+>/.exec(whole)?.[0] ?? whole);
  const elements = [elementItem(label, `${whole}$0`, cursor.fragment, '0')];
  if (facts?.shape === 'string' || facts === undefined)
    for (const offer of offersAt(request, path))
      elements.push({
        ...offer,
        insert: `<string>${encodeText(offer.label)}</string>`,
        snippet: false,
        range: cursor.fragment,
      });
  if (facts === undefined)
    for (const text of [
      '<true/>',
      '<false/>',
      '<array>\n\t$1\n</array>',
      '<dict>\n\t$1\n</dict>',
      '<integer>$1</integer>',
    ])
      elements.push(elementItem(/^<\w+\/?>/.exec(text)![0], text, cursor.fragment, '8'));
  return elements;
}

type Offer = Omit<Completion, 'insert' | 'snippet' | 'range'> & { readonly open: boolean };

function offersAt(request: CompletionRequest, path: readonly string[], taken?: ReadonlySet<string>): Offer[] {
  return valuesFor(request.purpose, path, request.document, request.project)
    .filter((offer) => !taken?.has(offer.value))
    .map((offer, i) => ({
      label: offer.value,
      kind: 'value',
      detail: offer.detail,
      documentation: '',
      filter: offer.value,
      sort: `1${String(i).padStart(3, '0')}`,
      deprecated: false,
      open: offer.open === true,
    }));
}

/** Values of the array at the cursor, but the one being edited. */
function taken(request: CompletionRequest, cursor: Cursor): ReadonlySet<string> {
  const array = containerAt(request.document.root, cursor.containerStart);
  const edited = cursor.within?.content.start;
  return new Set(
    array?.kind === 'array'
      ? array.items.flatMap((item) => (item.kind === 'string' && item.inner.start !== edited ? [item.value] : []))
      : [],
  );
}

/** The key path whose value the cursor stands in: an array's path is that of its key. */
const valuePath = (cursor: Cursor): readonly string[] =>
  cursor.pendingKey === undefined ? cursor.path : [...cursor.path, cursor.pendingKey];

function stringsWithin(request: CompletionRequest, cursor: Cursor): Completion[] {
  const { content, closed } = cursor.within!;
  const used = cursor.container === 'array' ? taken(request, cursor) : undefined;
  return offersAt(request, valuePath(cursor), used).map((offer) => ({
    ...offer,
    insert: encodeText(offer.label) + (closed || offer.open ? '' : '</string>'),
    snippet: false,
    range: content,
  }));
}

function items(request: CompletionRequest, cursor: Cursor): Completion[] {
  const offers = offersAt(request, cursor.path, taken(request, cursor)).map((offer): Completion => ({
    ...offer,
    insert: offer.open
      ? `<string>${escapeSnippet(encodeText(offer.label))}$1</string>$0`
      : `<string>${encodeText(offer.label)}</string>`,
    snippet: offer.open,
    range: cursor.fragment,
  }));
  return [...offers, elementItem('<string>', '<string>$1</string>$0', cursor.fragment, '7')];
}
