import assert from 'node:assert/strict';
import fc from 'fast-check';
import { IdSet } from '../../../src/flow/idSet.ts';

describe('a set of ids', () => {
  it('holds what a Set holds', () => {
    const id = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 400 }));
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(id, { maxLength: 40 }),
        fc.array(fc.tuple(fc.boolean(), id), { maxLength: 80 }),
        (high, start, steps) => {
          // Ids lie close together: either all are low or all are high.
          const near = (list: readonly number[]): number[] => list.filter((n) => n > 2 ** 40 === high);
          const set = new IdSet(near(start));
          const expected = new Set(near(start));
          for (const [add, n] of steps) {
            if (n > 2 ** 40 !== high) assert.equal(set.has(n), expected.has(n));
            else if (add) {
              set.add(n);
              expected.add(n);
            } else assert.equal(set.delete(n), expected.delete(n));
            assert.equal(set.has(n), expected.has(n));
          }
          for (const n of expected) assert.ok(set.has(n));
          assert.ok(!set.has(0));
        },
      ),
    );
  });
});
