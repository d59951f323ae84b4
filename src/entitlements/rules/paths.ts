// Entries of the file exceptions, and what their last part looks like.
import type { PlistEntry, PlistString } from '../../plist/value.ts';
import { stringsOf } from '../../plist/value.ts';
import type { EntitlementsContext } from './rule.ts';
import { exceptionPrefix, meantKey, topEntries } from './support.ts';

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
