// Keys that are in no table, and the known key that is nearest.
import type { PlistEntry, PlistValue } from '../../plist/value.ts';
import { stringsOf } from '../../plist/value.ts';
import { renameKey } from '../../plist/xmlEdit.ts';
import { findKey, findNearMiss, findPattern } from '../catalogue/catalogue.ts';
import type { Fix } from '../finding.ts';
import type { EntitlementsContext } from './rule.ts';
import { nearestKey } from './spelling.ts';
import { platformsOf } from '../catalogue/schema.ts';
import { exceptionPrefix, findEntry, fix, kindFits, meantKey, sandbox, teamPrefix } from './support.ts';

export function isUnknown(written: string, prefix: string): boolean {
  const key = meantKey(written);
  return key.startsWith(prefix) && !findKey(key) && !findPattern(key) && !findNearMiss(key);
}

/** Whether a key may be put into this file without another rule having a word about it. */
export function isWelcome(c: EntitlementsContext, key: string): boolean {
  const row = findKey(key);
  if (!row || row.access === 'internal' || row.access === 'profile' || row.deprecated !== undefined) return false;
  if ((row.sandbox || key.startsWith(exceptionPrefix)) && sandbox(c) !== 'on') return false;
  const platforms = platformsOf(row.os);
  if (platforms && c.roles.some((role) => role.platform !== undefined && !platforms.has(role.platform))) return false;
  const appOnly = key === 'com.apple.developer.system-extension.install' || key.startsWith('com.apple.security.cs.');
  if (appOnly && c.roles.some((role) => role.productType !== 'application')) return false;
  return (row.needs ?? []).every((need) => findEntry(c, need));
}

/** Whether the value may stand under another key without a word about what is in it. */
export function suits(key: string, value: PlistValue): boolean {
  const row = findKey(key);
  if (!row || !kindFits(row, value)) return false;
  const items = stringsOf(value).map((item) => item.value);
  const stems = new Set(items.map((item) => item.replace(/-systemextension$/, '')));
  if (row.values)
    return items.every((item) => row.values!.includes(item)) && stems.size === items.length && items.length <= 3;
  return !key.startsWith(exceptionPrefix) || items.every((item) => !item.startsWith('group.') && !teamPrefix(item));
}

/** A replacement that needs no further change: same type, not there yet, and no rule against it. */
export function closestKeyFix(c: EntitlementsContext, entry: PlistEntry): Fix | undefined {
  const row = nearestKey(entry.key.trim());
  if (!row || findEntry(c, row.key) || !entry.value || !kindFits(row, entry.value)) return undefined;
  // What stands in a list of fixed values, of groups or of paths was never looked at under the wrong key.
  if (row.values || row.shape === 'string[]' || !isWelcome(c, row.key)) return undefined;
  return fix(c, `Replace by ${row.key}`, [renameKey(entry, row.key)]);
}
