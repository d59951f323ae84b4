// Project descriptions in YAML (XcodeGen's project.yml, Tuist-like declarations) as plist values with their places,
// so that one model reads every kind of project.
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { TextRange } from '../entitlements/finding.ts';
import type { PlistEntry, PlistValue } from './value.ts';

/** Larger is no project description; `yaml` builds a tree of many times the text's size. */
const maxLength = 2_000_000;
const maxDepth = 128;
const maxBrackets = 1000;
/** Aliases are expanded in place: this bounds what a small file can grow to. */
const maxNodes = 200_000;

export interface YamlProject {
  readonly root?: PlistValue;
  readonly errors: readonly { readonly range: TextRange; readonly message: string }[];
}

class Converter {
  #nodes = 0;
  readonly #document: Document;
  readonly #text: string;

  constructor(document: Document, text: string) {
    this.#document = document;
    this.#text = text;
  }

  #range(node: Node): TextRange {
    const [start, end] = node.range ?? [0, 0];
    const { length } = this.#text;
    return { start: Math.min(start, length), end: Math.min(Math.max(start, end), length) };
  }

  value(node: unknown, depth: number): PlistValue | undefined {
    if (++this.#nodes > maxNodes || depth > maxDepth) return undefined;
    if (isAlias(node)) return this.value(node.resolve(this.#document), depth + 1);
    if (isMap(node)) {
      const entries: PlistEntry[] = [];
      const inherited: PlistEntry[] = [];
      for (const pair of node.items) {
        if (!isScalar(pair.key)) continue;
        if (pair.key.value === '<<') {
          // A merge: what the map itself says wins, so these come last and `entry` finds the first.
          const merged = this.value(pair.value, depth + 1);
          const sources = merged?.kind === 'array' ? merged.items : [merged];
          for (const source of sources) if (source?.kind === 'dict') inherited.push(...source.entries);
          continue;
        }
        const keyRange = this.#range(pair.key);
        const value = this.value(pair.value, depth + 1);
        const range = { start: keyRange.start, end: Math.max(keyRange.end, value?.range.end ?? 0) };
        entries.push({
          key: String(pair.key.value),
          keyRange,
          keyElement: keyRange,
          range,
          ...(value ? { value } : {}),
        });
      }
      const range = this.#range(node);
      entries.push(...inherited.filter((e) => !entries.some((own) => own.key === e.key)));
      return { kind: 'dict', entries, range, inner: range };
    }
    if (isSeq(node)) {
      const items = node.items.map((i) => this.value(i, depth + 1)).filter((v): v is PlistValue => v !== undefined);
      const range = this.#range(node);
      return { kind: 'array', items, range, inner: range };
    }
    return isScalar(node) ? this.#scalar(node.value, this.#range(node)) : undefined;
  }

  #scalar(value: unknown, range: TextRange): PlistValue | undefined {
    const quoted = this.#quoted(range);
    if (typeof value === 'boolean') return { kind: 'boolean', value, range, inner: range };
    if (typeof value === 'number' && Number.isSafeInteger(value))
      return { kind: 'integer', value: BigInt(value), range, inner: range };
    if (typeof value === 'number') return { kind: 'real', value, range, inner: range };
    // Dates, binary and null have no meaning in a project description.
    if (typeof value !== 'string') return { kind: 'string', value: '', range, inner: range };
    const inner = quoted ? { start: range.start + 1, end: range.end - 1 } : range;
    return { kind: 'string', value, range, inner };
  }

  #quoted(range: TextRange): boolean {
    const c = this.#text[range.start];
    return (c === '"' || c === "'") && range.end - range.start >= 2;
  }
}

/** Brackets within one another; the library's time grows with the square of them. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) depth++;
    else if ((c === 0x5d || c === 0x7d) && depth > 0) depth--;
    if (depth > maxBrackets) return true;
  }
  return false;
}

/** Never throws. Tags, merges of foreign types and binary values are passed over. */
export function parseYamlProject(text: string): YamlProject {
  if (text.length > maxLength)
    return { errors: [{ range: { start: 0, end: 0 }, message: `Longer than ${maxLength} characters; not read.` }] };
  if (isTooDeep(text))
    return {
      errors: [{ range: { start: 0, end: 1 }, message: `Nested deeper than ${maxBrackets} brackets; not read.` }],
    };
  try {
    const document = parseDocument(text, { strict: false, uniqueKeys: false, logLevel: 'silent' });
    const errors = document.errors.slice(0, 20).map((e) => ({
      range: { start: Math.min(e.pos[0], text.length), end: Math.min(e.pos[1], text.length) },
      message: e.message.split('\n')[0] ?? 'Not well-formed YAML.',
    }));
    const root = new Converter(document, text).value(document.contents, 0);
    return { ...(root ? { root } : {}), errors };
  } catch (error) {
    // Deep nesting ends the library's own recursion.
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'Not readable as YAML.';
    return { errors: [{ range: { start: 0, end: Math.min(1, text.length) }, message }] };
  }
}
