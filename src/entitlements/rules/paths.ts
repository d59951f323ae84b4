// Entries of the file exceptions, what their last part looks like, and what else is no name of a team's.
import type { PlistEntry, PlistString, PlistValue } from '../../plist/value.ts';
import { stringsOf } from '../../plist/value.ts';
import { findKey } from '../catalogue/catalogue.ts';
import type { EntitlementsContext } from './rule.ts';
import { allValues, exceptionPrefix, meantKey, topEntries } from './support.ts';

const family = /^files\.(absolute-path|home-relative-path)\.read-(only|write)$/;

export interface PathEntry {
  readonly entry: PlistEntry;
  readonly item: PlistString;
  readonly kind: 'absolute-path' | 'home-relative-path';
  readonly mode: 'only' | 'write';
}

export function* pathEntries(c: EntitlementsContext): Generator<PathEntry> {
  for (const entry of topEntries(c)) {
    const key = meantKey(entry.key);
    const match = key.startsWith(exceptionPrefix) ? family.exec(key.slice(exceptionPrefix.length)) : null;
    if (!match) continue;
    for (const item of stringsOf(entry.value))
      yield { entry, item, kind: match[1] as PathEntry['kind'], mode: match[2] as PathEntry['mode'] };
  }
}

/** Folders whose members are files as a rule. */
const filesIn = /^(\/private)?\/(dev|etc|bin|sbin|usr\/(local\/)?(bin|sbin|lib)|var\/run|tmp)\/[^/]+$/;

/** A path that by its look is one file: it has an extension or lies where programs and sockets lie. */
export const looksLikeFile = (path: string): boolean => {
  const last = path.slice(path.lastIndexOf('/') + 1);
  return last === '' || last.includes('.') || last.includes('*') || filesIn.test(path);
};

/** Paths, and values of fixed lists: no Team ID belongs there. */
export function notNames(c: EntitlementsContext): Set<PlistValue> {
  const listed = topEntries(c).filter((entry) => findKey(meantKey(entry.key))?.values);
  return new Set([
    ...[...pathEntries(c)].map((path) => path.item),
    ...listed.flatMap((entry) => [...allValues(entry.value)]),
  ]);
}
