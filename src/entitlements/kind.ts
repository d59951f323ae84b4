// Which plists these services speak of: by name, and where the name says nothing by what is in them.
import type { PlistDocument } from '../plist/value.ts';
import { entriesOf } from '../plist/value.ts';
import { findKey, findNearMiss, findPattern } from './catalogue/catalogue.ts';

export type PlistPurpose = 'entitlements' | 'info-plist' | 'other';

const infoKeys = new Set([
  'NetworkExtension',
  'NSExtension',
  'CFBundleIdentifier',
  'CFBundlePackageType',
  'CFBundleExecutable',
]);
const isEntitlement = (key: string): boolean =>
  findKey(key) !== undefined || findPattern(key) !== undefined || findNearMiss(key) !== undefined;

export function purposeOf(file: string, document: PlistDocument): PlistPurpose {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  if (/\.(entitlements|xcent)$/i.test(name)) return 'entitlements';
  const entries = entriesOf(document.root);
  if (/Info[^/]*\.plist$/.test(name) || entries.some((e) => infoKeys.has(e.key))) return 'info-plist';
  if (/entitlements[^/]*\.plist$/i.test(name)) return 'entitlements';
  // One known key is not enough in a long list of other things.
  const known = entries.filter((e) => isEntitlement(e.key)).length;
  return known > 0 && known * 2 >= entries.length ? 'entitlements' : 'other';
}
