// Keys that are in no table, and the known key that is nearest.
import type { PlistEntry } from '../../plist/value.ts';
import { renameKey } from '../../plist/xmlEdit.ts';
import { catalogueKeys, findKey, findNearMiss, findPattern } from '../catalogue/catalogue.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext } from './rule.ts';
import { exceptionPrefix, findEntry, fix, kindFits, meantKey, nearest, sandbox } from './support.ts';

export function isUnknown(written: string, prefix: string): boolean {
  const key = meantKey(written);
  return key.startsWith(prefix) && !findKey(key) && !findPattern(key) && !findNearMiss(key);
}

/** A replacement that needs no further change: same type, not there yet, and no rule against it. */
export function closestKeyFix(c: EntitlementsContext, entry: PlistEntry): Fix | undefined {
  const key = entry.key.trim();
  const row = nearest(key, catalogueKeys, (r) => r.key, 2);
  if (!row || row.access === 'internal' || row.access === 'profile' || row.deprecated !== undefined) return undefined;
  if (findEntry(c, row.key) || !entry.value || !kindFits(row, entry.value)) return undefined;
  if ((row.sandbox || row.key.startsWith(exceptionPrefix)) && sandbox(c) !== 'on') return undefined;
  if (row.values || row.needs) return undefined;
  return fix(c, `Replace by ${row.key}`, [renameKey(entry, row.key)]);
}
