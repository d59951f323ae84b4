import assert from 'node:assert/strict';
import fc from 'fast-check';
import { catalogueKeys } from '../../../../src/entitlements/catalogue/catalogue.ts';
import { distance, nearestKey } from '../../../../src/entitlements/rules/spelling.ts';

/** The definition, without short cuts. */
function plainly(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_v, j) => (i === 0 ? j : i)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(table[i - 1]![j]! + 1, table[i]![j - 1]! + 1, table[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, table[i - 2]![j - 2]! + 1);
      table[i]![j] = cost;
    }
  return table[a.length]![b.length]!;
}

describe('the distance of words', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), maxLength: 8 });

  it('is what it is defined to be, up to the limit', () => {
    fc.assert(
      fc.property(words, words, fc.nat(4), (a, b, limit) => {
        const d = plainly(a, b);
        assert.equal(distance(a, b, limit), d <= limit ? d : limit + 1);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('finds a key again after one slip, and none for another word', () => {
    for (const { key } of catalogueKeys.filter((row) => row.key.length > 20)) {
      const middle = key.length - 4;
      const slipped = key.slice(0, middle) + key.slice(middle + 1);
      const found = nearestKey(slipped);
      assert.ok(found && plainly(slipped, found.key) <= 1, slipped);
    }
    assert.equal(nearestKey('com.apple.security.something.else.entirely'), undefined);
    assert.equal(nearestKey(''), undefined);
  });
});
