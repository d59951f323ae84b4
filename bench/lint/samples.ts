// What several parts of the benchmark of checks share. Imports nothing of Node: it is bundled for the extension host too.
import { catalogueKeys, shapesOf } from '../../src/entitlements/catalogue/catalogue.ts';
import type { Plain } from '../../src/plist/xmlEdit.ts';
import { emptyPlist } from '../../src/plist/xmlEdit.ts';

/** An entitlements file of 10 KB with keys of the catalogue, without a mistake in their shapes. */
export function tenKilobytes(): string {
  const entries: Record<string, Plain> = {};
  let text = '';
  for (const row of catalogueKeys) {
    const shape = shapesOf(row)[0];
    if (row.access === 'internal' || (shape !== 'boolean' && shape !== 'string[]')) continue;
    entries[row.key] =
      shape === 'boolean' ? true : [...(row.values ?? ['group.com.example.one', 'ABCDEFGH12.com.example.two'])];
    text = emptyPlist({ eol: '\n', unit: '\t' }, entries);
    if (text.length >= 10_240) break;
  }
  return text;
}

/** The nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN;
}
