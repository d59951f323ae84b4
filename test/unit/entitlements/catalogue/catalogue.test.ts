import assert from 'node:assert/strict';
import {
  catalogueKeys,
  cataloguePatterns,
  findKey,
  findNearMiss,
  findPattern,
  shapesOf,
} from '../../../../src/entitlements/catalogue/catalogue.ts';
import { infoPlistKeys } from '../../../../src/entitlements/catalogue/infoPlist.ts';
import { nearMisses, nearMissValues } from '../../../../src/entitlements/catalogue/nearMisses.ts';
import { pageOf, platformsOf } from '../../../../src/entitlements/catalogue/schema.ts';

const os = /^(((macOS|iOS|iPadOS|tvOS|watchOS|visionOS|DriverKit)( \d+(\.\d+)*)?(, |$))*)$/;

describe('the catalogue', () => {
  const all = [...catalogueKeys, ...cataloguePatterns];

  it('has each key once', () => {
    assert.equal(new Set(all.map((row) => row.key)).size, all.length);
    assert.equal(new Set(all.map((row) => row.key.toLowerCase())).size, all.length);
    assert.ok(all.length >= 307);
  });

  it('contradicts itself nowhere', () => {
    for (const row of all) {
      const { key } = row;
      assert.match(row.os, os, key);
      platformsOf(row.os)?.forEach((platform) => assert.ok(platform, key));
      assert.ok(row.about.length > 5 && row.about.endsWith('.'), `${key}: ${row.about}`);
      assert.ok(!(row.values && row.known), `${key} is open and closed`);
      if (row.values ?? row.known)
        assert.ok(
          shapesOf(row).some((s) => s === 'string' || s === 'string[]' || s === 'integer'),
          `${key} has values and no text`,
        );
      assert.equal(new Set(row.values).size, row.values?.length ?? 0, key);
      if (row.replacedBy !== undefined) {
        assert.ok(row.deprecated !== undefined, `${key} is replaced and not deprecated`);
        assert.ok(
          findKey(row.replacedBy) && findKey(row.replacedBy)!.deprecated === undefined,
          `${key} -> ${row.replacedBy}`,
        );
      }
      for (const need of row.needs ?? []) assert.ok(findKey(need) && need !== key, `${key} needs ${need}`);
      for (const info of row.infoPlist ?? [])
        assert.ok(
          infoPlistKeys.some((i) => i.path === info),
          `${key} names ${info}`,
        );
      if (row.sandbox) assert.ok(key.startsWith('com.apple.security.') && platformsOf(row.os)?.has('macos'), key);
      if (row.access === 'internal') assert.ok(pageOf(row) === undefined || row.page, key);
      if (!key.endsWith('*'))
        assert.ok(row.access === 'internal' || findPattern(key) === undefined, `${key} is under a pattern`);
    }
  });

  it('knows no near miss as a real key, and each that is meant', () => {
    for (const miss of nearMisses) {
      assert.equal(findKey(miss.key), undefined, miss.key);
      assert.equal(findNearMiss(miss.key), miss);
      if (miss.meant === undefined) continue;
      const meant = findKey(miss.meant);
      assert.ok(meant && meant.deprecated === undefined, miss.key);
      if (miss.value !== undefined) assert.ok(meant.values?.includes(miss.value), miss.key);
    }
    const values = findKey('com.apple.developer.networking.networkextension')!.values!;
    for (const [fake, real] of nearMissValues) assert.ok(!values.includes(fake) && values.includes(real), fake);
  });

  it('has each Info.plist key once, below a key that holds it', () => {
    assert.equal(new Set(infoPlistKeys.map((row) => row.path)).size, infoPlistKeys.length);
    for (const row of infoPlistKeys) {
      assert.match(row.os, os, row.path);
      const parent = row.path.split(' > ').slice(0, -1).join(' > ');
      assert.ok(parent === '' || infoPlistKeys.some((p) => p.path === parent && p.shape === 'dict'), row.path);
    }
  });
});
