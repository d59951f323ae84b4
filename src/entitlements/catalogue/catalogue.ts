// All keys, and how to find one.
import { developerKeys } from './developer.ts';
import { driverkitKeys } from './driverkit.ts';
import { exceptionsKeys } from './exceptions.ts';
import { infoPlistKeys } from './infoPlist.ts';
import { internalKeys } from './internal.ts';
import { mobileKeys } from './mobile.ts';
import { nearMisses } from './nearMisses.ts';
import { networkKeys } from './network.ts';
import type { CatalogueKey, InfoPlistKey, NearMiss, ValueShape } from './schema.ts';
import { securityKeys } from './security.ts';

const rows: readonly CatalogueKey[] = [
  ...securityKeys,
  ...exceptionsKeys,
  ...networkKeys,
  ...developerKeys,
  ...mobileKeys,
  ...driverkitKeys,
  ...internalKeys,
];

/** Keys that stand for themselves, without the patterns. */
export const catalogueKeys: readonly CatalogueKey[] = rows.filter((row) => !row.key.endsWith('*'));
/** Keys that stand for everything that begins so. */
export const cataloguePatterns: readonly CatalogueKey[] = rows.filter((row) => row.key.endsWith('*'));

const byKey = new Map(catalogueKeys.map((row) => [row.key, row]));
const lowerCase = new Map(catalogueKeys.map((row) => [row.key.toLowerCase(), row]));
const missByKey = new Map(nearMisses.map((row) => [row.key, row]));
const infoByPath = new Map(infoPlistKeys.map((row) => [row.path, row]));

export const findKey = (key: string): CatalogueKey | undefined => byKey.get(key);
export const findPattern = (key: string): CatalogueKey | undefined =>
  cataloguePatterns.find((row) => key.startsWith(row.key.slice(0, -1)));
/** The key with this spelling but for upper and lower case. */
export const findIgnoringCase = (key: string): CatalogueKey | undefined => lowerCase.get(key.toLowerCase());
export const findNearMiss = (key: string): NearMiss | undefined => missByKey.get(key);
export const findInfoKey = (path: readonly string[]): InfoPlistKey | undefined => infoByPath.get(path.join(' > '));
/** Keys that may stand directly within `path`. */
export const infoKeysWithin = (path: readonly string[]): readonly InfoPlistKey[] => {
  const prefix = path.map((part) => `${part} > `).join('');
  return infoPlistKeys.filter((row) => row.path.startsWith(prefix) && !row.path.includes(' > ', prefix.length));
};

export const shapesOf = (row: { readonly shape: CatalogueKey['shape'] }): readonly ValueShape[] =>
  typeof row.shape === 'string' ? [row.shape] : row.shape;
